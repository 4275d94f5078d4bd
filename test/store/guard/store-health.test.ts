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

/** Admission of the next read and write. */
function admissions({ health }: ReturnType<typeof openHealth>): string[] {
  return [health.reads.admit(), health.writes.admit()];
}

test("both sides are healthy at first", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  expect([admissions(fixture), fixture.lines]).toEqual([["call", "call"], []]);
});

test("one read without an answer disables reads and writes, with one warning", () => {
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

test("three failures in a row disable reads only", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  for (let n = 0; n < 2; n++) fixture.health.readFailed(FAILURE);
  expect([admissions(fixture), fixture.lines]).toEqual([["call", "call"], []]);
  fixture.health.readFailed(FAILURE);
  expect([admissions(fixture), fixture.health.writing.aborted]).toEqual([["skip", "call"], false]);
});

test("names a server other than AWS", () => {
  using dir = tempDir("health");
  const store = { name: "s3://lab", endpoint: "http://127.0.0.1:9999" };
  const { health, lines } = openHealth(dir.join("remote.json"), { store });
  health.readFailed(TIMEOUT);
  expect(lines.join()).toContain("remote cache s3://lab at http://127.0.0.1:9999 disabled for now: ");
});

test("later commands repeat the warning about denied reads only for another reason", () => {
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

test("a successful read ends the denial, and so do ten minutes", () => {
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

test("a write without an answer disables writes only", () => {
  using dir = tempDir("health");
  const fixture = openHealth(dir.join("remote.json"));
  const { writing } = fixture.health;
  fixture.health.writeFailed(TIMEOUT);
  expect([admissions(fixture), writing.aborted]).toEqual([["call", "skip"], true]);
});

test.each([{ status: 403, code: "AccessDenied" }, { status: 401 }, { code: "NoCredentials" }])(
  "a permanent refusal disables reads at once: %o",
  (details) => {
    using dir = tempDir("health");
    const fixture = openHealth(dir.join("remote.json"));
    fixture.health.writeFailed(refusal(details));
    expect(admissions(fixture)).toEqual(["call", "skip"]);
  },
);

test.each([{ status: 503, code: "SlowDown" }, { status: 500 }])(
  "a transient refusal counts as one failure: %o",
  (details) => {
    using dir = tempDir("health");
    const fixture = openHealth(dir.join("remote.json"));
    fixture.health.writeFailed(refusal(details));
    expect(admissions(fixture)).toEqual(["call", "call"]);
  },
);

test("the next helper starts with the saved state", () => {
  using dir = tempDir("health");
  const first = openHealth(dir.join("remote.json"));
  first.health.readFailed(TIMEOUT);
  const second = openHealth(dir.join("remote.json"), { clock: first.clock });
  expect([admissions(second), second.lines]).toEqual([["skip", "skip"], []]);
});

test("the next helper probes after a minute, and ignores the state after ten", () => {
  using dir = tempDir("health");
  const first = openHealth(dir.join("remote.json"));
  first.health.readFailed(TIMEOUT);
  first.clock.advance(61_000);
  const second = openHealth(dir.join("remote.json"), { clock: first.clock });
  expect([...admissions(second), ...admissions(second)]).toEqual(["probe", "probe", "skip", "skip"]);
  first.clock.advance(540_000);
  expect(admissions(openHealth(dir.join("remote.json"), { clock: first.clock }))).toEqual(["call", "call"]);
});

test("a recovery is saved, too", () => {
  using dir = tempDir("health");
  const { health, clock } = openHealth(dir.join("remote.json"));
  health.readFailed(TIMEOUT);
  health.succeeded("reads");
  expect(admissions(openHealth(dir.join("remote.json"), { clock }))).toEqual(["call", "skip"]);
  health.succeeded("writes");
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});

test("a success of a healthy remote writes no state", () => {
  using dir = tempDir("health");
  const { health } = openHealth(dir.join("remote.json"));
  health.succeeded("reads");
  health.succeeded("writes");
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});

test("each session warns once about a remote", () => {
  using dir = tempDir("health");
  const { health, lines } = openHealth(dir.join("remote.json"));
  health.warn("wrong bytes");
  health.readFailed(TIMEOUT);
  expect(lines).toEqual(["go-cache-plugin: remote cache file:///bucket: wrong bytes\n"]);
});

test("slowness is saved for a minute, extended when found again, and is not a failure", () => {
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

test("the end of slowness is saved, too", () => {
  using dir = tempDir("health");
  const { health, clock } = openHealth(dir.join("remote.json"));
  health.setSlow(true);
  openHealth(dir.join("remote.json"), { clock }).health.setSlow(false);
  expect(existsSync(dir.join("remote.json"))).toBe(false);
});
