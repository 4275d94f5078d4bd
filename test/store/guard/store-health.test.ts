import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { TimeoutError } from "../../../src/lib/async/deadline.ts";
import { S3Error } from "../../../src/s3/s3-error.ts";
import type { FakeNow } from "../../support/fake-now.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { openHealth } from "./health-fixture.ts";

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
  const { writing } = fixture.health;
  fixture.health.readFailed(TIMEOUT);
  fixture.health.readFailed(TIMEOUT);
  expect([admissions(fixture), writing.aborted, fixture.health.writing.aborted]).toEqual([
    ["skip", "skip"],
    true,
    false,
  ]);
  expect(fixture.lines).toEqual([
    'go-cache-plugin: remote cache file:///bucket disabled for now: no answer within 5000 ms (see "go-cache-plugin doctor")\n',
  ]);
});

test("three failures in a row stop the reads only", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  for (let n = 0; n < 2; n++) fixture.health.readFailed(FAILURE);
  expect([admissions(fixture), fixture.lines]).toEqual([["call", "call"], []]);
  fixture.health.readFailed(FAILURE);
  expect([admissions(fixture), fixture.health.writing.aborted]).toEqual([["skip", "call"], false]);
});

test("names the server that is not AWS's", () => {
  using dir = tempDir("health");
  const store = { name: "s3://lab", endpoint: "http://127.0.0.1:9999" };
  const { health, lines } = openHealth(dir.join("remote.json"), { store });
  health.readFailed(TIMEOUT);
  expect(lines.join()).toContain("remote cache s3://lab at http://127.0.0.1:9999 disabled for now: ");
});

test("commands that follow do not repeat that all reads are refused, unless it is for another reason", () => {
  using dir = tempDir("health");
  const open = (clock?: FakeNow) => openHealth(dir.join("remote.json"), clock === undefined ? {} : { clock });
  const first = open();
  first.health.readsDenied("no right");
  const line = "go-cache-plugin: remote cache file:///bucket disabled for now: no right";
  expect(first.lines).toEqual([expect.stringContaining(line)]);
  const second = open(first.clock);
  for (let n = 0; n < 3; n++) {
    first.clock.advance(540_000);
    second.health.readsDenied("no right");
  }
  expect([second.lines, admissions(second)]).toEqual([[], ["call", "call"]]);
  const third = open(first.clock);
  third.health.readsDenied("no credentials");
  expect(third.lines).toHaveLength(1);
});

test("a read that succeeds ends the denial, and so do ten minutes", () => {
  using dir = tempDir("health");
  const first = openHealth(dir.join("remote.json"));
  const again = () => {
    const next = openHealth(dir.join("remote.json"), { clock: first.clock });
    next.health.readsDenied("no right");
    return next.lines.length;
  };
  first.health.readsDenied("no right");
  first.clock.advance(601_000);
  expect(again()).toBe(1);
  openHealth(dir.join("remote.json"), { clock: first.clock }).health.readsAllowed();
  expect([existsSync(dir.join("remote.json")), again(), again()]).toEqual([false, 1, 0]);
});

test("a write without an answer stops the writes only", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  const { writing } = fixture.health;
  fixture.health.writeFailed(TIMEOUT);
  expect([admissions(fixture), writing.aborted]).toEqual([["call", "skip"], true]);
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
  const second = openHealth(dir.join("remote.json"), { clock: first.clock });
  expect([admissions(second), second.lines]).toEqual([["skip", "skip"], []]);
});

test("the next helper probes when a minute has passed, and asks as ever after ten", () => {
  using dir = tempDir("health");
  const first = openHealth(dir.join("remote.json"));
  first.health.readFailed(TIMEOUT);
  first.clock.advance(61_000);
  const second = openHealth(dir.join("remote.json"), { clock: first.clock });
  expect([...admissions(second), ...admissions(second)]).toEqual(["probe", "probe", "skip", "skip"]);
  first.clock.advance(540_000);
  expect(admissions(openHealth(dir.join("remote.json"), { clock: first.clock }))).toEqual(["call", "call"]);
});

test("a recovery is passed on too", () => {
  using dir = tempDir("health");
  const { health, clock } = openHealth(dir.join("remote.json"));
  health.readFailed(TIMEOUT);
  health.succeeded("reads");
  expect(admissions(openHealth(dir.join("remote.json"), { clock }))).toEqual(["call", "skip"]);
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
  const next = () => openHealth(dir.join("remote.json"), { clock: first.clock }).health;
  first.health.setSlow(true);
  first.clock.advance(59_999);
  expect([next().isSlow, next().lastFailure]).toEqual([true, undefined]);
  next().setSlow(true);
  first.clock.advance(59_999);
  expect([next().isSlow, first.health.isSlow]).toEqual([true, false]);
  first.clock.advance(1);
  expect(next().isSlow).toBe(false);
});

test("that they are fast again is passed on too", () => {
  using dir = tempDir("health");
  const { health, clock } = openHealth(dir.join("remote.json"));
  health.setSlow(true);
  openHealth(dir.join("remote.json"), { clock }).health.setSlow(false);
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});
