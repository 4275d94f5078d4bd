import { afterEach, beforeEach, expect, test } from "bun:test";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { RowSet } from "../../../../src/remote/packed/format/row-set.ts";
import { forecastHits } from "../../../../src/remote/packed/index/forecast.ts";
import { rejection } from "../../../support/rejection.ts";
import { recordOfSegments, refOf, segmentOf } from "../made-record.ts";
import { entryOf, HOUR_MS, packOf, StockedBucket, scopeOf } from "../stocked-bucket.ts";

const REFUSES_ALL = {
  check: () => {
    throw new Error("not signed");
  },
};

let bucket: StockedBucket;

beforeEach(() => {
  bucket = new StockedBucket();
});
afterEach(() => bucket[Symbol.dispose]());

/** `here`: the ids of the outputs on the local disk. */
async function forecast(
  here: readonly string[] = [],
  options: { prefixes?: string[]; check?: typeof REFUSES_ALL } = {},
) {
  return await forecastHits({
    store: bucket.store,
    prefixes: options.prefixes ?? [bucket.prefix],
    scope: scopeOf(),
    local: {
      findOutput: (outputId) => (here.includes(outputId) ? { path: "/x", sizeBytes: 3 } : undefined),
    },
    check: options.check,
    signal: new AbortController().signal,
  });
}

test("a record that is not trusted, or can't be read, is an error", async () => {
  const key = await bucket.run(await bucket.pack(["one"]));
  expect(String(await rejection(forecast([], { check: REFUSES_ALL })))).toContain("not signed");
  await bucket.overwrite(key, Buffer.from("x"));
  await rejection(forecast());
});

test("without any run there is no forecast", async () => {
  expect(await forecast()).toBeUndefined();
});

test("the forecast counts local, remote and missing entries", async () => {
  const [here, there, lost] = await Promise.all([
    bucket.pack(["one"]),
    bucket.pack(["two"]),
    bucket.pack(["six"]),
  ]);
  await bucket.run([...here, ...there, ...lost], { ageMs: HOUR_MS });
  await bucket.remove(bucket.keys.pack(packOf(lost[0])));
  expect(await forecast([here[0]?.outputId ?? ""])).toMatchObject({
    entries: 3,
    local: 1,
    remote: 1,
    gone: 1,
    fetchBytes: there[0]?.place?.length,
    record: { role: "own" },
  });
});

test("what lies below a prefix that is not read counts as gone", async () => {
  using other = new StockedBucket("other");
  const foreign = (await other.pack(["one"]))[0] as PackedEntry;
  const { ref, key, bytes } = await bucket.segment([entryOf("")]);
  const own = segmentOf([foreign]);
  await bucket.put(key.replace("team", "other"), bytes);
  const refs = [refOf(own.segment), { ...ref, prefix: "other" }];
  await bucket.put(bucket.keys.run(scopeOf(), Date.now(), "m1"), await recordOfSegments(refs, {}, [own]));
  expect(await forecast()).toMatchObject({ entries: 2, local: 0, remote: 0, gone: 2, fetchBytes: 0 });
});

test("only the rows that the runs used count, each action once, and missing segments as gone", async () => {
  const [one, two, three] = (await bucket.pack(["one", "two", "six"])) as [
    PackedEntry,
    PackedEntry,
    PackedEntry,
  ];
  const [lost, damaged] = [
    await bucket.segment([entryOf("")]),
    await bucket.segment([{ ...entryOf(""), putTimeMs: 1 }]),
  ];
  const { segment, ref, key } = await bucket.segment([one, two, three]);
  const usedOf = (...entries: PackedEntry[]) => {
    const used = RowSet.none(3);
    for (const { actionId } of entries) used.add(segment.findAction(actionId) ?? -1);
    return { ...ref, used };
  };
  await bucket.runOf([usedOf(one)], { machine: "m1" });
  await bucket.runOf([usedOf(one, three), lost.ref, damaged.ref], { machine: "m2" });
  await bucket.remove(lost.key);
  await bucket.overwrite(damaged.key, Buffer.from("x"));
  bucket.store.calls.length = 0;
  expect(await forecast([three.outputId])).toMatchObject({
    entries: 4,
    local: 1,
    remote: 1,
    gone: 2,
    fetchBytes: one.place?.length,
  });
  expect(bucket.store.calls.filter((call) => call === `get ${key}`).length).toBe(1);
});

test("an output of two actions is fetched once, also if the local file has another size", async () => {
  const [entry] = await bucket.pack(["of seven"]);
  if (entry === undefined) throw new Error("no entry");
  await bucket.run([entry, { ...entry, actionId: "f".repeat(64) }]);
  expect(await forecast([entry.outputId])).toMatchObject({
    local: 0,
    remote: 2,
    fetchBytes: entry.place?.length,
  });
});

test("additional prefixes are read, too", async () => {
  await bucket.run(await bucket.pack(["one"]));
  expect(await forecast([], { prefixes: ["own", bucket.prefix] })).toMatchObject({
    entries: 1,
    remote: 1,
    record: { role: "other" },
  });
});
