import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { TimeoutError } from "../../src/lib/deadline.ts";
import { S3Error } from "../../src/s3/s3-error.ts";
import { tempDir } from "../support/temp-dir.ts";
import { openHealth } from "./remote-fixture.ts";

const TIMEOUT = new Error("get action 0a", { cause: new TimeoutError(5_000) });
const FAILURE = new Error("get action 0a", { cause: new Error("socket closed") });
const TARGET = { operation: "get", bucket: "b", key: "k" };
const refusal = (details: { status?: number; code?: string }) =>
  new Error("put action 0a", { cause: new S3Error(TARGET, details) });

/** What reads and writes may do next. */
function admissions({ health }: ReturnType<typeof openHealth>): string[] {
  return [health.reads.admit(), health.writes.admit()];
}

test("both sides work at first", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  expect([admissions(fixture), fixture.lines]).toEqual([["call", "call"], []]);
});

test("one read without an answer stops reads and writes, and the user hears it once", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  fixture.health.readFailed(TIMEOUT);
  fixture.health.readFailed(TIMEOUT);
  expect([admissions(fixture), fixture.stops()]).toEqual([["skip", "skip"], 1]);
  expect(fixture.lines).toEqual([
    "go-cache-plugin: remote cache file:///bucket: going on without it: get action 0a: no answer within 5000 ms\n",
  ]);
});

test("three failures in a row stop the reads only", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  for (let n = 0; n < 2; n++) fixture.health.readFailed(FAILURE);
  expect([admissions(fixture), fixture.lines]).toEqual([["call", "call"], []]);
  fixture.health.readFailed(FAILURE);
  expect([admissions(fixture), fixture.stops()]).toEqual([["skip", "call"], 0]);
});

test("a write without an answer stops the writes only", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  fixture.health.writeFailed(TIMEOUT);
  expect([admissions(fixture), fixture.stops()]).toEqual([["call", "skip"], 1]);
});

test.each([{ status: 403, code: "AccessDenied" }, { status: 401 }, { code: "NoCredentials" }])(
  "a refusal that will not change stops at once: %o",
  (details) => {
    using dir = tempDir("health");
    const fixture = openHealth(dir.join("remote.json"));
    fixture.health.writeFailed(refusal(details));
    expect(admissions(fixture)).toEqual(["call", "skip"]);
  },
);

test.each([{ status: 503, code: "SlowDown" }, { status: 500 }])(
  "a refusal that may pass counts as one failure: %o",
  (details) => {
    using dir = tempDir("health");
    const fixture = openHealth(dir.join("remote.json"));
    fixture.health.writeFailed(refusal(details));
    expect(admissions(fixture)).toEqual(["call", "call"]);
  },
);

test("the next helper knows what this one learned", () => {
  using dir = tempDir("health");
  const first = openHealth(dir.join("remote.json"));
  first.health.readFailed(TIMEOUT);
  const second = openHealth(dir.join("remote.json"), first.clock);
  expect([admissions(second), second.lines]).toEqual([["skip", "skip"], []]);
});

test("the next helper probes when a minute has passed, and asks as ever after ten", () => {
  using dir = tempDir("health");
  const first = openHealth(dir.join("remote.json"));
  first.health.readFailed(TIMEOUT);
  first.clock.advance(61_000);
  const second = openHealth(dir.join("remote.json"), first.clock);
  expect([...admissions(second), ...admissions(second)]).toEqual(["probe", "probe", "skip", "skip"]);
  first.clock.advance(540_000);
  expect(admissions(openHealth(dir.join("remote.json"), first.clock))).toEqual(["call", "call"]);
});

test("a recovery is passed on too", () => {
  using dir = tempDir("health");
  const { health, clock } = openHealth(dir.join("remote.json"));
  health.readFailed(TIMEOUT);
  health.succeeded("reads");
  expect(admissions(openHealth(dir.join("remote.json"), clock))).toEqual(["call", "skip"]);
  health.succeeded("writes");
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});

test("a success while nothing was wrong writes nothing", () => {
  using dir = tempDir("health");
  const { health } = openHealth(dir.join("remote.json"));
  health.succeeded("reads");
  health.succeeded("writes");
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});

test("the user hears one thing about a remote a session", () => {
  using dir = tempDir("health");
  const { health, lines } = openHealth(dir.join("remote.json"));
  health.warn("wrong bytes");
  health.readFailed(TIMEOUT);
  expect(lines).toEqual(["go-cache-plugin: remote cache file:///bucket: wrong bytes\n"]);
});

test("that reads are slow is passed on for a minute, longer when it is found again, and is no trouble", () => {
  using dir = tempDir("health");
  const first = openHealth(dir.join("remote.json"));
  const next = () => openHealth(dir.join("remote.json"), first.clock).health;
  first.health.foundSlow(true);
  first.clock.advance(59_999);
  expect([next().isSlow, next().trouble]).toEqual([true, undefined]);
  next().foundSlow(true);
  first.clock.advance(59_999);
  expect([next().isSlow, first.health.isSlow]).toEqual([true, false]);
  first.clock.advance(1);
  expect(next().isSlow).toBe(false);
});

test("that they are fast again is passed on too", () => {
  using dir = tempDir("health");
  const { health, clock } = openHealth(dir.join("remote.json"));
  health.foundSlow(true);
  openHealth(dir.join("remote.json"), clock).health.foundSlow(false);
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});
