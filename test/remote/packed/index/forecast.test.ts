import { afterEach, beforeEach, expect, test } from "bun:test";
import { forecastHits } from "../../../../src/remote/packed/index/forecast.ts";
import { rejection } from "../../../support/rejection.ts";
import { HOUR_MS, packOf, StockedBucket, scopeOf } from "../stocked-bucket.ts";

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

/** `here`: the ids of outputs that are on the disk. */
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

test("nothing is said of a record that does not count, or can't be read", async () => {
  const key = await bucket.run(await bucket.pack(["one"]));
  expect(String(await rejection(forecast([], { check: REFUSES_ALL })))).toContain("not signed");
  await bucket.overwrite(key, Buffer.from("x"));
  await rejection(forecast());
});

test("no run is known", async () => {
  expect(await forecast()).toBeUndefined();
});

test("counts what is here, what would be fetched, and what is gone", async () => {
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

test("an output that two actions made is fetched once, one of another size on the disk as well", async () => {
  const [entry] = await bucket.pack(["of seven"]);
  if (entry === undefined) throw new Error("no entry");
  await bucket.run([entry, { ...entry, actionId: "f".repeat(64) }]);
  expect(await forecast([entry.outputId])).toMatchObject({
    local: 0,
    remote: 2,
    fetchBytes: entry.place?.length,
  });
});

test("a further prefix is looked at as well", async () => {
  await bucket.run(await bucket.pack(["one"]));
  expect(await forecast([], { prefixes: ["own", bucket.prefix] })).toMatchObject({
    entries: 1,
    remote: 1,
    record: { role: "other" },
  });
});
