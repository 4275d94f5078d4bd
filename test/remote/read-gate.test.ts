import { describe, expect, test } from "bun:test";
import { TimeoutError } from "../../src/lib/async/deadline.ts";
import { ReadGate } from "../../src/remote/read-gate.ts";
import { WrongBytesError } from "../../src/remote/wrong-bytes-error.ts";
import { S3Error } from "../../src/s3/s3-error.ts";
import { NotSentError } from "../../src/store/not-sent-error.ts";
import { openHealth } from "../store/guard/health-fixture.ts";
import { tempDir } from "../support/temp-dir.ts";

const DENIED = new S3Error(
  { operation: "get", bucket: "b", key: "k" },
  { status: 403, code: "AccessDenied", message: "no" },
);

function openGate(verbose = false) {
  const dir = tempDir("read-gate");
  const fixture = openHealth(dir.join("remote.json"), { verbose });
  const gate = new ReadGate(fixture);
  /** A lookup that times out, as reported by the store. */
  const timingOut = () => {
    const error = new TimeoutError(5_000);
    fixture.health.readFailed(error);
    return Promise.reject(error);
  };
  return { ...fixture, gate, timingOut, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

/** A lookup that fails with `error`. */
const failing = (error: unknown) => () => Promise.reject(error);
const FOUND = { sizeBytes: 5 };
const found = async () => FOUND;
const nothing = async () => undefined;

test("returns the result of a lookup, or undefined for a miss", async () => {
  using fixture = openGate();
  expect([await fixture.gate.run("get", found), await fixture.gate.run("get", nothing)]).toEqual([
    FOUND,
    undefined,
  ]);
  expect(fixture.counters.snapshot()).toEqual({});
});

test("a failure is a miss; it is counted and logged only with -v", async () => {
  using fixture = openGate(true);
  expect(await fixture.gate.run("get action 0a", failing(new Error("reset")))).toBeUndefined();
  expect(fixture.counters.snapshot()).toEqual({ get_remote_error: 1 });
  expect(fixture.lines).toEqual(["go-cache-plugin: get action 0a: reset\n"]);
});

test("onMiss receives the reason of a miss, except if no record names the action", async () => {
  using fixture = openGate();
  const reasons: string[] = [];
  const onMiss = (reason: string) => reasons.push(reason);
  await fixture.gate.run("get", found, onMiss);
  await fixture.gate.run("get", nothing, onMiss);
  await fixture.gate.run("get", failing(DENIED), onMiss);
  await fixture.gate.run("get", fixture.timingOut, onMiss);
  await fixture.gate.run("get", found, onMiss);
  expect(reasons).toEqual(["denied", "fault", "unanswered"]);
});

test("after a timeout, lookups are skipped", async () => {
  using fixture = openGate();
  await fixture.gate.run("get", fixture.timingOut);
  const lookUp = () => Promise.reject(new Error("was looked up"));
  expect(await fixture.gate.run("get", lookUp)).toBeUndefined();
  expect(fixture.counters.snapshot()).toEqual({
    get_remote_error: 1,
    get_remote_skipped: 1,
    left_alone_unanswered: 1,
  });
});

test("a probe is a miss at once and runs in the background; its success re-enables lookups", async () => {
  using fixture = openGate();
  await fixture.gate.run("get", fixture.timingOut);
  fixture.clock.advance(10_000);
  const probe = Promise.withResolvers<typeof FOUND>();
  expect(await fixture.gate.run("get", () => probe.promise)).toBeUndefined();
  fixture.health.succeeded("reads");
  probe.resolve(FOUND);
  await fixture.gate.abort();
  expect(await fixture.gate.run("get", found)).toBe(FOUND);
});

test("denied reads are misses, not failures, however many", async () => {
  using fixture = openGate();
  for (let n = 0; n < 5; n++) await fixture.gate.run("get", failing(DENIED));
  expect(await fixture.gate.run("get", found)).toBe(FOUND);
  expect(fixture.counters.snapshot()).toEqual({ get_remote_denied: 5 });
});

test("warns if every read was denied", async () => {
  using fixture = openGate();
  await fixture.gate.run("get", failing(DENIED));
  fixture.gate.reportDenials();
  expect(fixture.lines).toEqual([
    expect.stringContaining(
      "disabled for now: s3:GetObject or s3:ListBucket is not granted (403 AccessDenied: no)",
    ),
  ]);
});

test("does not warn of denied reads if others were answered or there were none", async () => {
  using fixture = openGate();
  fixture.gate.reportDenials();
  await fixture.gate.run("get", failing(DENIED));
  await fixture.gate.run("get", nothing);
  fixture.gate.reportDenials();
  expect(fixture.lines).toEqual([]);
});

test("wrong bytes are a miss with a warning and do not disable lookups", async () => {
  using fixture = openGate();
  for (let n = 0; n < 5; n++) await fixture.gate.run("get", failing(new WrongBytesError("0a", "0b")));
  expect(fixture.lines).toEqual([
    "go-cache-plugin: remote cache file:///bucket: wrong bytes, not used: output 0a has the SHA-256 0b\n",
  ]);
  expect(await fixture.gate.run("get", found)).toBe(FOUND);
});

test("a lookup that failed without a request is a miss and does not affect health", async () => {
  using fixture = openGate();
  const notSent = new NotSentError("waited for others", { cause: new TimeoutError(5_000) });
  for (let n = 0; n < 5; n++) expect(await fixture.gate.run("get", failing(notSent))).toBeUndefined();
  expect([fixture.lines, await fixture.gate.run("get", found)]).toEqual([[], FOUND]);
});

test("an abort ends lookups, waits for them, and does not affect health", async () => {
  using fixture = openGate();
  const { gate } = fixture;
  let hasEnded = false;
  const lookUp = async () => {
    const aborted = Promise.withResolvers<never>();
    gate.signal.addEventListener("abort", () => aborted.reject(gate.signal.reason));
    try {
      return await aborted.promise;
    } finally {
      await Promise.resolve();
      hasEnded = true;
    }
  };
  const result = gate.run("get", lookUp);
  await gate.abort();
  expect([hasEnded, await result, fixture.counters.snapshot(), fixture.lines]).toEqual([
    true,
    undefined,
    {},
    [],
  ]);
});

test("an abort does not wait for a lookup that ignores it", async () => {
  using fixture = openGate();
  const never = Promise.withResolvers<typeof FOUND>();
  const result = fixture.gate.run("get", () => never.promise);
  await fixture.gate.abort();
  never.resolve(FOUND);
  expect(await result).toBe(FOUND);
});

test("a bypass is counted and reported to the session once, and again after it has ended and begins again", async () => {
  using fixture = openGate(true);
  const reports: string[] = [];
  const session = { onBypass: (why: string, text: string) => reports.push(`${why}: ${text}`) };
  const run = () => fixture.gate.run("get", found, undefined, session);
  await fixture.gate.run("get", fixture.timingOut);
  await run();
  await run();
  fixture.clock.advance(10_000);
  await run();
  fixture.health.succeeded("reads");
  expect(await run()).toBe(FOUND);
  await fixture.gate.run("get", fixture.timingOut);
  await run();
  const line = "remote cache file:///bucket: bypassed: no answer";
  expect(reports).toEqual([`unanswered: ${line}`, `unanswered: ${line}`]);
  expect(fixture.counters.get("left_alone_unanswered")).toBe(2);
  expect(fixture.lines.filter((text) => text.includes("bypassed"))).toEqual([
    `go-cache-plugin: ${line}\n`,
    `go-cache-plugin: ${line}\n`,
  ]);
});

test("when waiting stops, lookups that already wait are misses, too", async () => {
  using fixture = openGate();
  const reasons: string[] = [];
  const note = (reason: string) => reasons.push(reason);
  const never = Promise.withResolvers<typeof FOUND>();
  const waiting = fixture.gate.run("get", () => never.promise, note);
  await fixture.gate.run("get", fixture.timingOut, note);
  expect([await waiting, reasons]).toEqual([undefined, ["fault", "unanswered"]]);
  never.resolve(FOUND);
});

describe("after a session in which waiting did not pay", () => {
  function openProbationGate() {
    const fixture = openGate();
    fixture.health.setSlow(true);
    return fixture;
  }

  test("a lookup is abandoned after a second, and later ones are bypassed", async () => {
    using fixture = openProbationGate();
    const reasons: string[] = [];
    const slow = Promise.withResolvers<typeof FOUND>();
    const lookUp = () => slow.promise;
    expect(await fixture.gate.run("get", lookUp, (reason) => reasons.push(reason))).toBeUndefined();
    expect(await fixture.gate.run("get", found, (reason) => reasons.push(reason))).toBeUndefined();
    expect(reasons).toEqual(["slow", "slow"]);
    slow.resolve(FOUND);
    await fixture.gate.abort();
    expect(fixture.health.isSlow).toBe(true);
  });

  test("hits that pay end the probation, for later sessions as well", async () => {
    using fixture = openProbationGate();
    for (let n = 0; n < 120; n++) expect(await fixture.gate.run("get", found)).toBe(FOUND);
    expect(fixture.health.isSlow).toBe(false);
  });
});
