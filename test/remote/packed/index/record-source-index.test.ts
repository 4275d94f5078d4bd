/** A source with several records: which entry wins, and when the additions of other scopes are read. */
import { describe, expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import type { RecordSource } from "../../../../src/remote/packed/index/record-source.ts";
import { failLists, hangLists, takeCalls } from "../failing-store.ts";
import { entriesIn, groupOf } from "../made-record.ts";
import { entryOf, HOUR_MS, packOf, scopeOf } from "../stocked-bucket.ts";
import { SourceFixture } from "./source-fixture.ts";

const HELLO = entryOf("");
const MERGED: PackedEntry = { ...HELLO, actionId: entryOf("merged").actionId };

async function found(source: RecordSource, { actionId }: PackedEntry): Promise<PackedEntry | undefined> {
  return (await source.find(actionId))?.entry;
}

/** Looks up so many actions that no record contains. */
async function miss(source: RecordSource, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await source.find(entryOf(`unknown ${n}`).actionId);
}

test("the place in the newer record wins until its pack is distrusted", async () => {
  using fixture = new SourceFixture();
  const { bucket } = fixture;
  const [older] = await bucket.pack(["hello", "a"]);
  const [newer] = await bucket.pack(["hello", "b"]);
  await bucket.run([older as PackedEntry], { run: "1", ageMs: HOUR_MS });
  await bucket.run([newer as PackedEntry], { run: "2" });
  const source = fixture.open();
  expect(await found(source, newer as PackedEntry)).toEqual(newer as PackedEntry);
  source.index.distrustedPacks.add(packOf(newer));
  expect(await found(source, newer as PackedEntry)).toEqual(older as PackedEntry);
});

test("a distrusted pack stays distrusted after a refresh", async () => {
  using fixture = new SourceFixture();
  const { bucket } = fixture;
  const [entry] = await bucket.pack(["hello"]);
  await bucket.run([entry as PackedEntry]);
  const source = fixture.open();
  await source.refreshNow();
  source.index.distrustedPacks.add(packOf(entry));
  await bucket.run([HELLO], { run: "2" });
  const later = fixture.open({}, { now: () => fixture.clock.ms + HOUR_MS });
  later.index.distrustedPacks.add(packOf(entry));
  await later.refreshNow();
  expect([await found(later, entry as PackedEntry), await found(later, HELLO)]).toEqual([undefined, HELLO]);
});

describe("the log of this machine's run", () => {
  const own = groupOf(HELLO);

  test("answers without any record, and its own record is not fetched", async () => {
    using fixture = new SourceFixture();
    const key = await fixture.bucket.run([MERGED]);
    takeCalls(fixture.bucket.store);
    const source = fixture.open({}, { ownGroup: own, ownKey: key });
    expect(source.index.find(HELLO.actionId)?.group).toBe(own);
    expect(await found(source, HELLO)).toEqual(HELLO);
    expect(await found(source, MERGED)).toBeUndefined();
    expect(takeCalls(fixture.bucket.store, `get ${key}`)).toEqual([]);
    expect(source.ownGroups()).toEqual([]);
  });
});

test("the groups of this scope are separate from those of others", async () => {
  using fixture = new SourceFixture();
  await fixture.bucket.run([MERGED]);
  const source = fixture.open({ branch: "pr-1", fallbackBranches: ["main"] });
  await source.refreshNow();
  expect(source.ownGroups()).toEqual([]);
  const main = fixture.open();
  await main.refreshNow();
  expect(main.ownGroups().map(entriesIn)).toEqual([[MERGED]]);
});

test("copies of half a day ago count as never read: gc may have removed what they name", async () => {
  using fixture = new SourceFixture();
  await fixture.bucket.run([HELLO]);
  await fixture.open().refreshNow();
  fixture.clock.advance(11 * HOUR_MS);
  expect(fixture.open().isKnown).toBe(true);
  fixture.clock.advance(2 * HOUR_MS);
  expect(fixture.open().isKnown).toBe(false);
});

test("times are by the server's clock", async () => {
  using fixture = new SourceFixture();
  const { bucket, clock } = fixture;
  const key = await bucket.run([HELLO]);
  const skewMs = 2 * 24 * HOUR_MS;
  bucket.store.onList = async function* (_, list) {
    for await (const page of list()) {
      const objects = page.objects.map((object) => ({ ...object, modifiedMs: clock.ms + skewMs - HOUR_MS }));
      yield { objects, serverTimeMs: clock.ms + skewMs };
    }
  };
  const source = fixture.open();
  expect(source.serverTimeMs()).toBe(clock.ms);
  await source.refreshNow();
  expect(source.serverTimeMs()).toBe(clock.ms + skewMs);
  expect(takeCalls(bucket.store, `get ${key}`)).toHaveLength(1);
});

describe("an addition of another scope", () => {
  test("is found after four unknown actions, with one listing", async () => {
    using fixture = new SourceFixture();
    const { bucket } = fixture;
    await bucket.run([HELLO]);
    const key = await bucket.addition([MERGED], { branch: "pr-1" });
    const source = fixture.open();
    await miss(source, 2);
    takeCalls(bucket.store);
    expect([await found(source, MERGED), bucket.store.calls]).toEqual([undefined, []]);
    expect(await found(source, MERGED)).toEqual(MERGED);
    await miss(source, 5);
    expect(takeCalls(bucket.store)).toEqual([`list ${bucket.keys.additions(scopeOf())}`, `get ${key}`]);
  });

  test("is known to the next command, which does not list again within a minute", async () => {
    using fixture = new SourceFixture();
    const { bucket, clock } = fixture;
    await bucket.addition([MERGED], { branch: "pr-1" });
    await miss(fixture.open(), 4);
    takeCalls(bucket.store);
    const next = fixture.open();
    expect(await found(next, MERGED)).toEqual(MERGED);
    await miss(next, 5);
    expect(bucket.store.calls).toEqual([]);
    clock.advance(60_001);
    const later = fixture.open();
    await miss(later, 5);
    expect(takeCalls(bucket.store, `list ${bucket.keys.additions(scopeOf())}`)).toHaveLength(1);
    expect(await found(later, MERGED)).toEqual(MERGED);
  });

  test("is forgotten half a day after its listing, however often the runs are listed since", async () => {
    using fixture = new SourceFixture();
    const { bucket, clock } = fixture;
    await bucket.run([HELLO]);
    await bucket.addition([MERGED], { branch: "pr-1" });
    const source = fixture.open();
    await miss(source, 4);
    const isIndexed = () =>
      [source, fixture.open()].map(({ index }) => index.find(MERGED.actionId) !== undefined);
    expect(isIndexed()).toEqual([true, true]);
    clock.advance(11 * 3_600_000);
    await source.refreshNow();
    expect(isIndexed()).toEqual([true, true]);
    clock.advance(2 * 3_600_000);
    expect(fixture.open().index.find(MERGED.actionId)).toBeUndefined();
    await source.refreshNow();
    expect(isIndexed()).toEqual([false, false]);
  });

  test("is not read if it is of the same scope, since the own records contain it", async () => {
    using fixture = new SourceFixture();
    const key = await fixture.bucket.addition([MERGED]);
    const source = fixture.open();
    await miss(source, 5);
    expect([await found(source, MERGED), takeCalls(fixture.bucket.store, `get ${key}`)]).toEqual([
      undefined,
      [],
    ]);
  });

  test("is a miss when the listing fails or hangs, and the error is reported at most once", async () => {
    using fixture = new SourceFixture();
    const { store } = fixture.bucket;
    const source = fixture.open();
    await miss(source, 3);
    failLists(store, new Error("503"));
    await miss(source, 3);
    expect(fixture.troubles).toEqual([new Error("503")]);
    const other = fixture.open();
    hangLists(store);
    await miss(other, 6);
    expect(fixture.troubles).toHaveLength(1);
  });
});
