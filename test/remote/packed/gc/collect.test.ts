import { describe, expect, setSystemTime, test } from "bun:test";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import { collectGarbage } from "../../../../src/remote/packed/gc/collect.ts";
import type { GcOptions } from "../../../../src/remote/packed/gc/report.ts";
import { rejection } from "../../../support/rejection.ts";
import { DAY_MS, HOUR_MS, packOf, StockedBucket, scopeOf } from "../stocked-bucket.ts";

const NONE = { count: 0, sizeBytes: 0 };
const NOTES = ["team/packed/v1/gc/finished.json", "team/packed/v1/gc/lease.json"];
const MARKS = "team/packed/v1/gc/marks/…";
const CANDIDATES = "team/packed/v1/gc/candidates.json.zst";

function collect(bucket: StockedBucket, options: Partial<GcOptions> = {}) {
  const { store, prefix } = bucket;
  return collectGarbage({ store, prefix, olderThanMs: 14 * DAY_MS, dryRun: false, ...options });
}

/** Writes the list of candidates as a collection of that age would have. */
async function noteCandidates(bucket: StockedBucket, ids: string[], ageMs: number): Promise<void> {
  const names = ids.map((id) => `pack/${id}`);
  const text = JSON.stringify({ version: 2, unnamed: [[Math.floor(Date.now() - ageMs), names]] });
  await bucket.put(CANDIDATES, compressFrame(new TextEncoder().encode(text)));
}

async function readCandidates(bucket: StockedBucket): Promise<string[]> {
  const bytes = await Bun.file(bucket.dir.join(CANDIDATES)).bytes();
  const { unnamed } = JSON.parse(Bun.zstdDecompressSync(bytes).toString());
  return unnamed.flatMap(([, names]: [number, string[]]) => names.map((name) => name.replace(/^pack\//, "")));
}

/** The names of marks depend on the time. */
function withoutSum(key: string): string {
  return key.replace(/marks\/.*/, "marks/…");
}

function newerRecord(): Uint8Array {
  return compressFrame(new TextEncoder().encode('{"version":3,"entries":{}}'));
}

describe("no pack is removed", () => {
  test.each([
    ["corrupt", () => Buffer.from("nonsense")],
    ["empty", () => Buffer.alloc(0)],
    ["of a newer version", newerRecord],
    ["above 8 MiB", () => Buffer.alloc((8 << 20) + 1)],
  ])("while a record is %s", async (_, bytes) => {
    using bucket = new StockedBucket();
    const [entry] = await bucket.pack(["lost"], 30 * DAY_MS);
    const bad = await bucket.run([]);
    await bucket.overwrite(bad, bytes());
    await noteCandidates(bucket, [packOf(entry)], 30 * DAY_MS);
    const report = await collect(bucket);
    expect(report.packs).toBeUndefined();
    expect(report.unreadable.map(({ key }) => key)).toEqual([bad]);
    expect(bucket.has(bucket.keys.pack(packOf(entry)))).toBe(true);
  });

  test("while an addition can't be read", async () => {
    using bucket = new StockedBucket();
    const bad = await bucket.addition([]);
    await bucket.overwrite(bad, Buffer.from("nonsense"));
    expect((await collect(bucket)).unreadable.map(({ key }) => key)).toEqual([bad]);
  });

  test("while the shared record has a newer version, and the record is kept", async () => {
    using bucket = new StockedBucket();
    const key = await bucket.put("team/packed/v1/shared/plan9_arm.json.zst", newerRecord());
    const report = await collect(bucket);
    expect([report.packs, report.unreadable.map((each) => each.key)]).toEqual([undefined, [key]]);
    expect(bucket.has(key)).toBe(true);
  });

  test("that was written recently, even if it has long been a candidate", async () => {
    using bucket = new StockedBucket();
    const [entry] = await bucket.pack(["again"], 23 * HOUR_MS);
    await noteCandidates(bucket, [packOf(entry)], 30 * DAY_MS);
    expect((await collect(bucket)).packs?.removed.count).toBe(0);
  });

  test("that is unreferenced for less than a day, even if it is old", async () => {
    using bucket = new StockedBucket();
    const [entry] = await bucket.pack(["old"], 300 * DAY_MS);
    await noteCandidates(bucket, [packOf(entry)], 23 * HOUR_MS);
    expect((await collect(bucket)).packs?.removed.count).toBe(0);
    expect(await readCandidates(bucket)).toEqual([packOf(entry)]);
  });

  test("at once after its last record was removed", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["old"], 300 * DAY_MS);
    const record = await bucket.run(entries, { ageMs: 15 * DAY_MS });
    const report = await collect(bucket);
    expect([report.removedRuns, report.packs?.unnamed.count, report.packs?.removed.count]).toEqual([1, 1, 0]);
    expect([bucket.has(record), bucket.has(bucket.keys.pack(packOf(entries[0])))]).toEqual([false, true]);
  });

  test.each(["", "nonsense", "{}"])("because of a list of candidates with the content %j", async (text) => {
    using bucket = new StockedBucket();
    const [entry] = await bucket.pack(["old"], 300 * DAY_MS);
    await bucket.put(CANDIDATES, text === "{}" ? compressFrame(Buffer.from(text)) : Buffer.from(text));
    expect((await collect(bucket)).packs?.removed.count).toBe(0);
    expect(await readCandidates(bucket)).toEqual([packOf(entry)]);
  });

  test("that a run references again, and it is no longer a candidate", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["back"], 300 * DAY_MS);
    await noteCandidates(bucket, [packOf(entries[0])], 30 * DAY_MS);
    await bucket.run(entries);
    expect((await collect(bucket)).packs?.removed.count).toBe(0);
    expect(await readCandidates(bucket)).toEqual([]);
  });

  test("that a run references during the collection", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["back"], 300 * DAY_MS);
    await noteCandidates(bucket, [packOf(entries[0])], 30 * DAY_MS);
    bucket.store.onGet = async (key, get) => {
      // The collection reads this last, before it removes packs.
      if (key === CANDIDATES) await bucket.run(entries);
      return await get();
    };
    expect((await collect(bucket)).packs?.removed.count).toBe(0);
    expect(bucket.has(bucket.keys.pack(packOf(entries[0])))).toBe(true);
  });

  test("when an unreadable record is written during the collection", async () => {
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["back"], 300 * DAY_MS);
    await noteCandidates(bucket, [packOf(entries[0])], 30 * DAY_MS);
    bucket.store.onGet = async (key, get) => {
      if (key === CANDIDATES) await bucket.put(await bucket.run([]), newerRecord());
      return await get();
    };
    expect((await collect(bucket)).packs).toBeUndefined();
    expect(bucket.has(bucket.keys.pack(packOf(entries[0])))).toBe(true);
  });
});

describe("by the store's clock", () => {
  test("records are kept if they are old only by the local clock", async () => {
    using bucket = new StockedBucket();
    await bucket.run([], { ageMs: 20 * DAY_MS });
    const { store } = bucket;
    const list = store.list.bind(store);
    store.list = async function* (prefix, options) {
      for await (const page of list(prefix, options)) {
        yield { ...page, serverTimeMs: page.serverTimeMs - 10 * DAY_MS };
      }
    };
    expect(await collect(bucket)).toMatchObject({ removedRuns: 0, keptRecords: 1 });
  });

  test("an object without a time is not old", async () => {
    using bucket = new StockedBucket();
    const [entry] = await bucket.pack(["x"], 300 * DAY_MS);
    await noteCandidates(bucket, [packOf(entry)], 30 * DAY_MS);
    await bucket.run([]);
    const { store } = bucket;
    const list = store.list.bind(store);
    store.list = async function* (prefix, options) {
      for await (const page of list(prefix, options)) {
        yield { ...page, objects: page.objects.map((object) => ({ ...object, modifiedMs: 0 })) };
      }
    };
    const report = await collect(bucket);
    expect([report.removedRuns, report.packs?.removed.count]).toEqual([0, 0]);
  });

  test("a candidate with a time in the future counts as just noted", async () => {
    using bucket = new StockedBucket();
    const [entry] = await bucket.pack(["x"], 300 * DAY_MS);
    await noteCandidates(bucket, [packOf(entry)], -300 * DAY_MS);
    expect((await collect(bucket)).packs?.removed.count).toBe(0);
  });
});

test("a collection removes old objects and nothing else, and reports them", async () => {
  using bucket = new StockedBucket();
  const kept = await bucket.pack(["kept", "kept too"], 300 * DAY_MS);
  const gone = await bucket.pack(["gone"], 25 * HOUR_MS);
  const fresh = await bucket.pack(["fresh"]);
  const keptRun = await bucket.run(kept, { ageMs: 13.9 * DAY_MS, run: "2" });
  const keptAddition = await bucket.addition(kept, { ageMs: 2.9 * DAY_MS });
  const oldRun = await bucket.run(gone, { ageMs: 14.1 * DAY_MS, job: "old" });
  const oldAddition = await bucket.addition(gone, { ageMs: 3.1 * DAY_MS });
  await noteCandidates(bucket, [packOf(gone[0])], 25 * HOUR_MS);
  const foreign = ["x", "packed/v1/pack/aa/x", "team/packed/v2/run/a", "team/packed/v1/run/readme.txt"];
  foreign.push(
    `team/packed/v1/pack/zz/${packOf(gone[0])}`,
    "team/packed/v1/segment/aa/bb",
    "team2/packed/v1/run/a/b/c/d/e.json.zst",
  );
  for (const key of foreign) await bucket.put(key, Buffer.from("x"), 300 * DAY_MS);

  const report = await collect(bucket);
  const sizeOf = (id: string) => Bun.file(bucket.dir.join(bucket.keys.pack(id))).size;
  const freshBytes = sizeOf(packOf(fresh[0]));
  expect<object>(report).toEqual({
    name: `${bucket.store.name}/team/packed/v1/`,
    isFinished: true,
    removedRuns: 1,
    removedAdditions: 1,
    keptRecords: 2,
    shared: [],
    unreadable: [],
    packs: {
      removed: { count: 1, sizeBytes: gone[0]?.place?.pack.sizeBytes ?? 0 },
      left: { count: 2, sizeBytes: freshBytes + sizeOf(packOf(kept[0])) },
      unnamed: { count: 1, sizeBytes: freshBytes },
    },
    segments: { removed: NONE, left: NONE, unnamed: NONE },
  });
  const packs = [kept[0], fresh[0]].map((entry) => bucket.keys.pack(packOf(entry)));
  const left = [...foreign, ...packs, keptRun, keptAddition, CANDIDATES, ...NOTES];
  expect(new Set(bucket.objects.map(withoutSum))).toEqual(new Set([...left, MARKS]));
  expect([oldRun, oldAddition].filter((key) => bucket.has(key))).toEqual([]);
});

test("a head expires like its run record, and keeps the packs that it references", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["kept"], 300 * DAY_MS);
  await noteCandidates(bucket, [packOf(entries[0])], 30 * DAY_MS);
  const kept = await bucket.record(bucket.keys.head(scopeOf()), "run", entries, 13 * DAY_MS);
  const old = await bucket.record(bucket.keys.head(scopeOf({ job: "old" })), "run", [], 15 * DAY_MS);
  const report = await collect(bucket);
  expect(report).toMatchObject({
    removedRuns: 0,
    keptRecords: 0,
    shared: [],
    packs: { removed: { count: 0 } },
  });
  expect([bucket.has(kept), bucket.has(old)]).toEqual([true, false]);
});

test("a record with an unusual name keeps its packs, too", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["odd"], 300 * DAY_MS);
  await noteCandidates(bucket, [packOf(entries[0])], 30 * DAY_MS);
  await bucket.record("team/packed/v1/run/some.json.zst", "run", entries);
  expect((await collect(bucket)).packs?.removed.count).toBe(0);
});

test("a dry run changes nothing and reports the same", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["gone"], 30 * DAY_MS);
  await bucket.run(entries, { ageMs: 15 * DAY_MS });
  await bucket.run([], { project: "example.com/b" });
  await noteCandidates(bucket, [packOf(entries[0])], 30 * DAY_MS);
  const before = bucket.objects;
  const dry = await collect(bucket, { dryRun: true });
  expect(bucket.objects).toEqual(before);
  expect(bucket.store.calls.filter((call) => call.startsWith("put")).length).toBe(4);
  expect([dry.removedRuns, dry.packs?.removed.count]).toEqual([1, 1]);
  expect<object>(await collect(bucket)).toEqual(dry);
});

test("an empty bucket stays empty, except for the collection's own notes", async () => {
  using bucket = new StockedBucket();
  expect(await collect(bucket)).toMatchObject({ keptRecords: 0, packs: { left: { count: 0 } } });
  expect(bucket.objects).toEqual([CANDIDATES, ...NOTES]);
});

test("a bucket without a prefix is collected, too", async () => {
  using bucket = new StockedBucket("");
  const record = await bucket.run([], { ageMs: 15 * DAY_MS });
  const foreign = await bucket.put("run/a/b/c/d/e.json.zst", Buffer.from("x"), 300 * DAY_MS);
  await collect(bucket);
  expect([bucket.has(record), bucket.has(foreign)]).toEqual([false, true]);
});

test("a collection rejects with the signal's reason", async () => {
  using bucket = new StockedBucket();
  await bucket.run([]);
  const stop = new Error("enough");
  expect(await rejection(collect(bucket, { signal: AbortSignal.abort(stop) }))).toBe(stop);
});

test("a collection can be repeated after an interruption at any change, and no referenced pack is lost", async () => {
  const whole = await changesOfOne(Number.POSITIVE_INFINITY);
  // The lease, two records, what was read (twice), the shared record, the candidates, a pack, the candidates, the end.
  expect(whole.changes).toBe(10);
  for (let limit = 0; limit < whole.changes; limit++) {
    const broken = await changesOfOne(limit);
    expect(broken.named).toEqual([true, true]);
    expect(broken.objectsAfterRepeat).toEqual(whole.objectsAfterRepeat);
  }
});

/** Interrupts a collection after so many changes, then repeats it without a limit. */
async function changesOfOne(limit: number) {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["a", "b"], 30 * DAY_MS);
  const unnamed = await bucket.pack(["c"], 30 * DAY_MS);
  const record = await bucket.run(entries, { run: "2" });
  await bucket.run(entries, { project: "example.com/b" });
  await bucket.run(unnamed, { ageMs: 15 * DAY_MS, job: "old" });
  await bucket.addition(unnamed, { ageMs: 15 * DAY_MS });
  await bucket.pack(["newly unnamed"], 30 * DAY_MS);
  await noteCandidates(bucket, [packOf(unnamed[0])], 30 * DAY_MS);
  let changes = 0;
  const { store } = bucket;
  const remove = store.delete.bind(store);
  const counted = async <T>(change: () => Promise<T>): Promise<T> => {
    if (changes === limit) throw new Error("broken off");
    changes++;
    return await change();
  };
  store.delete = (key, options) => counted(() => remove(key, options));
  store.onPut = (_, put) => counted(put);
  await collect(bucket).catch(() => undefined);
  const named = [bucket.has(record), bucket.has(bucket.keys.pack(packOf(entries[0])))];
  limit = Number.POSITIVE_INFINITY;
  const changesOfFirst = changes;
  await collect(bucket);
  // What was read is in as many parts as there were stretches.
  const names = bucket.objects.map((key) => withoutSum(key.replace(/\d{13}.*/, "…")));
  const objectsAfterRepeat = [...new Set(names)];
  return { changes: changesOfFirst, named, objectsAfterRepeat };
}

test("old run records of modules are removed without being read", async () => {
  using bucket = new StockedBucket();
  const [young, old] = ["team/packed/v1/mod/p/main/young.json.zst", "team/packed/v1/mod/p/main/old.json.zst"];
  await bucket.put(young, Buffer.from("whatever"));
  await bucket.put(old, Buffer.from("whatever"), 15 * DAY_MS);
  expect(await collect(bucket)).toMatchObject({ removedRuns: 1, keptRecords: 0, unreadable: [] });
  expect([bucket.has(young), bucket.has(old)]).toEqual([true, false]);
});

test("in a directory store, a local clock twenty days ahead removes no record", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["hello"]);
  const key = await bucket.run(entries);
  setSystemTime(new Date(Date.now() + 20 * DAY_MS));
  try {
    expect((await collect(bucket)).removedRuns).toBe(0);
  } finally {
    setSystemTime();
  }
  expect(bucket.has(key)).toBe(true);
});
