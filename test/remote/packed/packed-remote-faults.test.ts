/** A failing or silent bucket: go gets misses in time, and the user one message. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { TimeoutError } from "../../../src/lib/async/deadline.ts";
import { objectOf, untilAborted } from "../../store/tampered-store.ts";
import { eventually } from "../../support/eventually.ts";
import { immutable } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { rejection } from "../../support/rejection.ts";
import { noise } from "../../support/seed.ts";
import { DENIED, failGets, failLists, hangGets, hangLists, takeCalls } from "./failing-store.ts";
import { filled, journals, leftByDead, userLines } from "./filled-bucket.ts";
import { end } from "./packed-fixture.ts";
import { entryOf } from "./stocked-bucket.ts";

const HELLO = entryOf("hello").actionId;
const WORLD = entryOf("world").actionId;

describe("listing without permission", () => {
  test("is reported once, with the missing permission, and disables the remote", async () => {
    using team = await filled();
    failLists(team.store, DENIED);
    failGets(team.store, "", DENIED);
    const session = team.two.session();
    for (const actionId of [HELLO, WORLD, HELLO]) expect(await session.get(actionId)).toBeUndefined();
    session.put(team.two.entry("world"));
    await end(session);
    expect(userLines(team.two)).toEqual([
      expect.stringContaining("disabled for now: s3:ListBucket is not granted (403 AccessDenied"),
    ]);
    expect([takeCalls(team.store, "list").length, takeCalls(team.store, "put")]).toEqual([1, []]);
    expect(team.two.counters.snapshot()).toMatchObject({ get_remote_denied: 3, remote_list_denied: 1 });
  });

  test("does not prevent hits from the head", async () => {
    using team = await filled();
    failLists(team.store, DENIED);
    expect(await team.two.get([HELLO], { readOnly: true })).toEqual(["hello"]);
  });
});

describe("a bucket that", () => {
  test("fails is disabled after three requests, with one message to the user", async () => {
    using team = await filled();
    failLists(team.store, new Error("503"));
    failGets(team.store, "");
    const session = team.two.session();
    for (let n = 0; n < 6; n++) expect(await session.get(HELLO)).toBeUndefined();
    await end(session);
    expect(takeCalls(team.store)).toHaveLength(3);
    expect(userLines(team.two)).toEqual([expect.stringContaining("disabled for now: 503 (see")]);
    expect(team.two.counters.snapshot()).toEqual({
      get_remote_error: 2,
      get_remote_skipped: 4,
      left_alone_unanswered: 1,
    });
  });

  test("hangs gets one request, and none from the next command of this machine", async () => {
    using team = await filled();
    hangLists(team.store);
    hangGets(team.store, "");
    const session = team.two.session({ timeoutMs: 20 });
    expect([await session.get(HELLO), await session.get(HELLO)]).toEqual([undefined, undefined]);
    await end(session);
    expect(userLines(team.two)).toHaveLength(1);
    takeCalls(team.store);
    expect([await team.two.get([HELLO], { timeoutMs: 20 }), takeCalls(team.store)]).toEqual([
      [undefined],
      [],
    ]);
  });

  test("sends the records and then hangs in a pack is a miss", async () => {
    using team = await filled();
    // With local copies of the records, the pack is the only request.
    await team.two.get([WORLD]);
    hangGets(team.store, "/pack/", "x");
    expect(await team.two.get([HELLO], { timeoutMs: 20 })).toEqual([undefined]);
    expect(userLines(team.two)).toEqual([expect.stringContaining(new TimeoutError(20).message)]);
  });

  test("fails once in a pack is retried, and the lookup is a hit", async () => {
    using team = await filled();
    let failures = 0;
    team.store.onGet = async (key, get) => {
      if (!key.includes("/pack/") || failures++ > 0) return await get();
      const object = await get();
      await object?.body.cancel();
      return object && { ...object, body: objectOf("", { error: new Error("reset") }).body };
    };
    expect([await team.two.get([HELLO]), userLines(team.two)]).toEqual([["hello"], []]);
  });

  test("fails to list again is used with the local copies of its records", async () => {
    using team = await filled(["hello", "world"]);
    await team.two.get([WORLD, "00".repeat(32)]);
    failLists(team.store, new Error("503"));
    expect(await team.two.get([HELLO])).toEqual(["hello"]);
  });

  test("refuses uploads costs one message, and the next session of the machine uploads", async () => {
    using team = await filled();
    const { onPut } = team.store;
    team.store.onPut = () => Promise.reject(new Error("503"));
    await team.two.put(["world"]);
    expect(team.two.counters.get("put_remote_lost")).toBe(1);
    team.store.onPut = onPut;
    leftByDead(team.two);
    await end(team.two.session());
    expect(await team.three.get([WORLD])).toEqual(["world"]);
  });

  test("is too slow for uploads does not delay go", async () => {
    using team = await filled();
    team.store.onPut = (_, __, signal) => untilAborted(signal);
    await team.two.put(["world"], { drainTimeoutMs: 1 });
    expect([team.two.counters.get("put_remote_lost"), journals(team.two).length]).toEqual([1, 1]);
  });

  test("has refused uploads is retried after go has its answer", async () => {
    using team = await filled();
    const writes = { probeAtMs: 0, pauseMs: 10_000 };
    const health = { savedAtMs: Date.now(), reason: "503", writes };
    mkdirSync(team.two.dir.join("state"), { recursive: true });
    writeFileSync(team.two.dir.join("state", "remote.json"), JSON.stringify(health));
    const session = team.two.session();
    session.put(team.two.entry("world"));
    await session.drain();
    expect(takeCalls(team.store, "put")).toEqual([]);
    await session.settle();
    expect(await team.three.get([WORLD])).toEqual(["world"]);
  });

  test("takes uploads again takes all of them in one session, not only the probe", async () => {
    using team = await filled();
    const writes = { probeAtMs: 0, pauseMs: 10_000 };
    const health = { savedAtMs: Date.now(), reason: "503", writes };
    mkdirSync(team.two.dir.join("state"), { recursive: true });
    writeFileSync(team.two.dir.join("state", "remote.json"), JSON.stringify(health));
    // Small and large outputs have packs of their own.
    const large = noise(100_000);
    const session = team.two.session();
    session.put(team.two.entry("world"));
    session.put(team.two.entry(large, "large"));
    await end(session);
    expect(team.two.counters.get("packs_written")).toBe(2);
    expect(journals(team.two)).toEqual([]);
  });

  test("denies listing makes a prefetch fail with the reason", async () => {
    using team = await filled();
    failLists(team.store, DENIED);
    expect(await rejection(team.two.session({ readOnly: true }).prefetch())).toBe(DENIED);
  });
});

testOnLinux("a disk that refuses writes is a miss, and does not disable the bucket", async () => {
  using team = await filled();
  mkdirSync(team.two.dir.join("tmp"));
  {
    using _closed = immutable(team.two.dir.join("tmp"));
    expect(await team.two.get([HELLO])).toEqual([undefined]);
  }
  expect([await team.two.get([HELLO]), userLines(team.two)]).toEqual([["hello"], []]);
});

test("a session that ends aborts its fetches, and these do not count as failures of the bucket", async () => {
  using team = await filled();
  hangGets(team.store, "/pack/");
  const session = team.two.session();
  const got = session.get(HELLO);
  await eventually("a pack request", () => team.store.calls.some((call) => call.includes("/pack/")));
  await end(session);
  expect([await got, userLines(team.two), team.two.counters.get("get_remote_error")]).toEqual([
    undefined,
    [],
    0,
  ]);
});
