import { describe, expect, test } from "bun:test";
import { TimeoutError } from "../../../../src/lib/async/deadline.ts";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import type { RecordSource } from "../../../../src/remote/packed/index/record-source.ts";
import { rejection } from "../../../support/rejection.ts";
import { DENIED, failGets, failLists, hangGets, hangLists, takeCalls } from "../failing-store.ts";
import { groupOf } from "../made-record.ts";
import { entryOf, HOUR_MS, scopeOf } from "../stocked-bucket.ts";
import { SourceFixture } from "./source-fixture.ts";

const HELLO = entryOf("");
const OTHER: PackedEntry = { ...HELLO, actionId: entryOf("other").actionId };
const UNKNOWN = entryOf("unknown").actionId;

async function found(source: RecordSource, { actionId }: PackedEntry): Promise<PackedEntry | undefined> {
  return (await source.find(actionId))?.entry;
}

describe("a machine without copies", () => {
  test("lists and reads the newest records once, and answers all lookups from them", async () => {
    using fixture = new SourceFixture();
    const { bucket } = fixture;
    const key = await bucket.run([HELLO]);
    takeCalls(bucket.store);
    const source = fixture.open();
    expect([await found(source, HELLO), await found(source, OTHER), await found(source, HELLO)]).toEqual([
      HELLO,
      undefined,
      HELLO,
    ]);
    const { keys, store } = bucket;
    expect(takeCalls(store)).toEqual([
      `get ${keys.head(scopeOf())}`,
      `list ${keys.runs(scopeOf())}`,
      `get ${key}`,
    ]);
  });

  test("finds nothing in an empty bucket, and does not list it again", async () => {
    using fixture = new SourceFixture();
    const source = fixture.open();
    expect(await source.find(UNKNOWN)).toBeUndefined();
    takeCalls(fixture.bucket.store);
    expect(await source.find(HELLO.actionId)).toBeUndefined();
    expect(fixture.bucket.store.calls).toEqual([]);
  });

  test("rejects if the listing is denied or fails, and the next lookup retries", async () => {
    using fixture = new SourceFixture();
    const { store } = fixture.bucket;
    await fixture.bucket.run([HELLO]);
    const { onList } = store;
    const source = fixture.open();
    failLists(store, DENIED);
    expect(await rejection(source.find(HELLO.actionId))).toBe(DENIED);
    failLists(store, new TimeoutError(20));
    expect(await rejection(source.find(HELLO.actionId))).toMatchObject({ name: "TimeoutError" });
    store.onList = onList;
    expect([await found(source, HELLO), fixture.troubles]).toEqual([HELLO, []]);
  });

  test("rejects if the listed records can't be read", async () => {
    using fixture = new SourceFixture();
    await fixture.bucket.run([HELLO]);
    failGets(fixture.bucket.store, "run/");
    expect(await rejection(fixture.open().find(HELLO.actionId))).toEqual(new Error("503"));
  });

  test("sends no request after the session has ended", async () => {
    using fixture = new SourceFixture();
    const signal = AbortSignal.abort(new Error("the session has ended"));
    hangLists(fixture.bucket.store);
    hangGets(fixture.bucket.store, "");
    const source = fixture.open({}, { signal });
    expect(await rejection(source.find(HELLO.actionId))).toEqual(new Error("the session has ended"));
  });
});

describe("copies", () => {
  /** Reads the records once to create the copies. */
  async function copy(fixture: SourceFixture): Promise<void> {
    await fixture.bucket.run([HELLO], { ageMs: HOUR_MS });
    await fixture.open().find(HELLO.actionId);
    takeCalls(fixture.bucket.store);
  }

  test("younger than a minute answer hits and misses without a request", async () => {
    using fixture = new SourceFixture();
    await copy(fixture);
    fixture.clock.advance(60_000);
    const source = fixture.open();
    expect([await found(source, HELLO), await found(source, OTHER)]).toEqual([HELLO, undefined]);
    expect(fixture.bucket.store.calls).toEqual([]);
  });

  test("that are older answer known actions at once; an unknown action waits for the refresh", async () => {
    using fixture = new SourceFixture();
    await copy(fixture);
    const key = await fixture.bucket.run([OTHER], { run: "2" });
    takeCalls(fixture.bucket.store);
    fixture.clock.advance(60_001);
    const source = fixture.open();
    expect([await found(source, HELLO), await found(source, OTHER)]).toEqual([HELLO, OTHER]);
    expect(fixture.bucket.store.calls).toEqual([`list ${fixture.bucket.keys.runs(scopeOf())}`, `get ${key}`]);
  });

  test("with a time in the future are stale", async () => {
    using fixture = new SourceFixture();
    await copy(fixture);
    fixture.clock.advance(-1);
    await fixture.open().find(HELLO.actionId);
    expect(takeCalls(fixture.bucket.store, "list")).toHaveLength(1);
  });

  test("answer while the bucket is silent, and only one lookup waits for it", async () => {
    using fixture = new SourceFixture();
    await copy(fixture);
    hangLists(fixture.bucket.store);
    fixture.clock.advance(60_001);
    const source = fixture.open();
    expect([await found(source, OTHER), await found(source, OTHER), await found(source, HELLO)]).toEqual([
      undefined,
      undefined,
      HELLO,
    ]);
    expect(takeCalls(fixture.bucket.store, "list")).toHaveLength(1);
  });

  test("answer while the bucket fails, and the error is reported once", async () => {
    using fixture = new SourceFixture();
    await copy(fixture);
    failLists(fixture.bucket.store, DENIED);
    fixture.clock.advance(60_001);
    const source = fixture.open();
    expect([await found(source, OTHER), await found(source, HELLO)]).toEqual([undefined, HELLO]);
    expect(fixture.troubles).toEqual([DENIED]);
  });

  test("are refreshed ever less often while nothing changes, but at least every 15 minutes", async () => {
    using fixture = new SourceFixture();
    await copy(fixture);
    const pauses = [1, 2, 4, 8, 15, 15];
    for (const minutes of pauses) {
      fixture.clock.advance(minutes * 60_000);
      await fixture.open().find(UNKNOWN);
      expect(takeCalls(fixture.bucket.store, "list")).toEqual([]);
      fixture.clock.advance(1);
      await fixture.open().find(UNKNOWN);
      expect(takeCalls(fixture.bucket.store, "list")).toHaveLength(1);
    }
    await fixture.bucket.run([OTHER], { run: "2" });
    fixture.clock.advance(15 * 60_000 + 1);
    await fixture.open().find(UNKNOWN);
    fixture.clock.advance(60_001);
    takeCalls(fixture.bucket.store);
    await fixture.open().find(UNKNOWN);
    expect(takeCalls(fixture.bucket.store, "list")).toHaveLength(1);
  });

  test("are refreshed on request, even if they are fresh", async () => {
    using fixture = new SourceFixture();
    await copy(fixture);
    await fixture.bucket.run([OTHER], { run: "2" });
    const source = fixture.open();
    await source.refreshNow();
    expect(await found(source, OTHER)).toEqual(OTHER);
  });
});

describe("a long-lived source", () => {
  test("reads the records again when its copies are stale", async () => {
    using fixture = new SourceFixture();
    await fixture.bucket.run([HELLO]);
    const source = fixture.open();
    expect(await found(source, OTHER)).toBeUndefined();
    await fixture.bucket.run([OTHER], { run: "next" });
    fixture.clock.advance(2 * HOUR_MS);
    expect(await found(source, OTHER)).toEqual(OTHER);
  });

  test("retries a failed refresh after a minute", async () => {
    using fixture = new SourceFixture();
    const { bucket, clock, troubles } = fixture;
    await bucket.run([HELLO]);
    const source = fixture.open();
    await found(source, HELLO);
    await bucket.run([OTHER], { run: "next" });
    const { onList } = bucket.store;
    failLists(bucket.store, DENIED);
    clock.advance(2 * HOUR_MS);
    expect(await found(source, OTHER)).toBeUndefined();
    expect(troubles).toEqual([DENIED]);
    bucket.store.onList = onList;
    clock.advance(2 * 60_000);
    expect(await found(source, OTHER)).toEqual(OTHER);
  });

  test("finds the entries that its own run has uploaded since", async () => {
    using fixture = new SourceFixture();
    const source = fixture.open();
    expect(await found(source, HELLO)).toBeUndefined();
    source.setOwn(groupOf(HELLO));
    expect(await found(source, HELLO)).toEqual(HELLO);
  });
});
