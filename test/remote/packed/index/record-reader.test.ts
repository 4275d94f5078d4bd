import { describe, expect, test } from "bun:test";
import { readdirSync, truncateSync } from "node:fs";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import type { EntryGroup } from "../../../../src/remote/packed/index/packed-index.ts";
import type { RecordRef } from "../../../../src/remote/packed/index/record-cache.ts";
import { objectOf } from "../../../store/tampered-store.ts";
import { rejection } from "../../../support/rejection.ts";
import { failGets, hangGets, takeCalls } from "../failing-store.ts";
import { entriesIn, recordOf } from "../made-record.ts";
import { Machine } from "../packed-fixture.ts";
import { entryOf, StockedBucket, scopeOf } from "../stocked-bucket.ts";
import { makeKey, trustOf } from "../trust-fixture.ts";

const ENTRIES = [entryOf("")];
const NEVER = new AbortController().signal;
const BIG = "8 MiB and a byte";

function refTo(key: string, more: Partial<RecordRef> = {}): RecordRef {
  return { key, etag: '"1"', role: "own", modifiedMs: 0, sizeBytes: 100, ...more };
}

test("a record is fetched once, and its copy serves later sessions", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  const ref = refTo(await bucket.run(ENTRIES));
  const { reader } = machine.reader();
  await reader.fetch([ref], NEVER);
  await reader.fetch([ref], NEVER);
  expect(takeCalls(bucket.store, "get")).toEqual([`get ${ref.key}`]);
  expect(reader.local([ref]).map(entriesIn)).toEqual([ENTRIES]);
  const later = machine.reader().reader;
  await later.fetch([ref], NEVER);
  expect([later.local([ref]).map(entriesIn), bucket.store.calls]).toEqual([[ENTRIES], []]);
  expect(machine.counters.snapshot()).toEqual({ records_read: 1 });
});

test("repeated reads return the same group object", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  const { reader } = machine.reader();
  const ref = refTo(await bucket.run(ENTRIES));
  await reader.fetch([ref], NEVER);
  expect(reader.local([ref])[0]).toBe(reader.local([ref])[0] as never);
});

test("a record that is not kept is dropped from memory, and its copy is read again", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  const { reader } = machine.reader();
  const older = await bucket.run(ENTRIES, { ageMs: 1_000 });
  const refs = [refTo(await bucket.run(ENTRIES)), refTo(older)] as const;
  await reader.fetch([...refs], NEVER);
  const [kept, dropped] = reader.local([...refs]);
  reader.keepOnly([refs[0]]);
  const [keptStill, readAgain] = reader.local([...refs]);
  expect([keptStill === kept, readAgain === dropped]).toEqual([true, false]);
  expect(entriesIn(readAgain as EntryGroup)).toEqual(ENTRIES);
});

test("a record with a new etag is fetched again", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  const { reader } = machine.reader();
  const key = await bucket.run([]);
  await reader.fetch([refTo(key)], NEVER);
  await bucket.record(key, "run", ENTRIES);
  const rewritten = refTo(key, { etag: '"2"' });
  await reader.fetch([rewritten], NEVER);
  expect(reader.local([rewritten]).map(entriesIn)).toEqual([ENTRIES]);
});

test("records without a local copy are skipped", () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  expect(machine.reader().reader.local([refTo("run/x")])).toEqual([]);
});

test("a record with a truncated copy is fetched again", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  const ref = refTo(await bucket.run(ENTRIES));
  await machine.reader().reader.fetch([ref], NEVER);
  const copies = machine.dir.join("state", "records", "records");
  truncateSync(`${copies}/${readdirSync(copies)[0]}`, 20);
  const { reader } = machine.reader();
  await reader.fetch([ref], NEVER);
  expect(reader.local([ref]).map(entriesIn)).toEqual([ENTRIES]);
});

async function badRecords(): Promise<[string, Uint8Array][]> {
  const good = await recordOf(ENTRIES);
  return [
    ["empty", Buffer.alloc(0)],
    ["truncated", good.subarray(0, -3)],
    ["no record", Buffer.from("hello")],
    ["of a later version", compressFrame(Buffer.from('{"version":3}'))],
    [BIG, Buffer.alloc((8 << 20) + 1)],
  ];
}

describe("a record that is", async () => {
  test.each(await badRecords())(
    "%s is ignored and not copied, and other records are still read",
    async (what, bytes) => {
      using bucket = new StockedBucket();
      using machine = new Machine(bucket);
      const { reader, cache } = machine.reader();
      const bad = refTo(await bucket.put("team/packed/v1/run/bad", bytes));
      const good = refTo(await bucket.run(ENTRIES));
      await reader.fetch([bad, good], NEVER);
      expect([reader.local([bad, good]).map(entriesIn), cache.read(bad)]).toEqual([[ENTRIES], undefined]);
      // A record that is too large is not parsed.
      const isParsed = what !== BIG;
      expect(machine.counters.snapshot()).toMatchObject(
        isParsed ? { records_read: 2, records_bad: 1 } : { records_read: 1 },
      );
      expect(machine.health.lines.join("")).toContain(isParsed ? `record ${bad.key} ignored: ` : "");
    },
  );

  test("removed after the listing is skipped", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    const { reader } = machine.reader();
    await reader.fetch([refTo("team/packed/v1/run/gone")], NEVER);
    expect(machine.counters.snapshot()).toEqual({});
  });

  test("replaced by one of 200 MB is read only up to the limit", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    let read = 0;
    bucket.store.onGet = async () => {
      const chunk = new Uint8Array(1 << 20);
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          read++;
          controller.enqueue(chunk);
        },
      });
      return { ...objectOf(""), body };
    };
    await machine.reader().reader.fetch([refTo("x")], NEVER);
    expect(read).toBeLessThan(12);
  });
});

test("a request that fails, or hangs until the signal, is an error", async () => {
  using bucket = new StockedBucket();
  using machine = new Machine(bucket);
  const { reader } = machine.reader();
  const ref = refTo(await bucket.run(ENTRIES));
  failGets(bucket.store, "run/");
  expect(await rejection(reader.fetch([ref], NEVER))).toEqual(new Error("503"));
  hangGets(bucket.store, "run/", "half");
  const signal = AbortSignal.abort(new Error("the session has ended"));
  expect(await rejection(reader.fetch([ref], signal))).toEqual(new Error("the session has ended"));
});

describe("a head", () => {
  const scope = scopeOf();

  /** A run record and its head. */
  async function stock(bucket: StockedBucket) {
    const key = bucket.keys.run(scope, 0, "m1");
    const bytes = await recordOf(ENTRIES, { about: { key } });
    for (const at of [key, bucket.keys.head(scope)]) await bucket.put(at, bytes);
    return refTo(key, { sizeBytes: bytes.length });
  }

  test("replaces the request for its record when a listing contains that record", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    const { reader, cache } = machine.reader();
    const ref = await stock(bucket);
    const group = await reader.fetchHead(bucket.keys.head(scope), bucket.keys.runs(scope), NEVER);
    await reader.fetch([ref], NEVER);
    expect(takeCalls(bucket.store, "get")).toEqual([`get ${bucket.keys.head(scope)}`]);
    expect(reader.local([ref])[0]).toBe(group as never);
    expect(cache.read(ref)?.length).toBe(ref.sizeBytes);
  });

  test("does not replace a record that now has another size", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    const { reader } = machine.reader();
    const ref = await stock(bucket);
    await reader.fetchHead(bucket.keys.head(scope), bucket.keys.runs(scope), NEVER);
    await bucket.record(ref.key, "run", []);
    const rewritten = { ...ref, sizeBytes: ref.sizeBytes + 1 };
    await reader.fetch([rewritten], NEVER);
    expect(reader.local([rewritten]).map(entriesIn)).toEqual([[]]);
  });

  test("that is missing, or no record, is ignored", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    const { reader } = machine.reader();
    const key = bucket.keys.head(scope);
    expect(await reader.fetchHead(key, bucket.keys.runs(scope), NEVER)).toBeUndefined();
    for (const [, bytes] of await badRecords()) {
      await bucket.put(key, bytes);
      expect(await reader.fetchHead(key, bucket.keys.runs(scope), NEVER)).toBeUndefined();
    }
  });
});

describe("with keys to trust,", () => {
  const { check, signer } = trustOf(makeKey());
  const scope = scopeOf();

  test.each(["record", "head"])("nothing of a %s is parsed unless its signature counts", async (what) => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    const { reader } = machine.reader(check);
    const key = what === "head" ? bucket.keys.head(scope) : bucket.keys.run(scope, 0, "m1");
    const folder = bucket.keys.runs(scope);
    const read = () =>
      what === "head" ? reader.fetchHead(key, folder, NEVER) : reader.fetch([refTo(key)], NEVER);
    const unsigned = [
      ...(await badRecords()).slice(0, -1).map(([, bytes]) => bytes),
      await recordOf(ENTRIES),
    ];
    const forged = trustOf(makeKey()).signer.sign(key, compressFrame(Buffer.from("no record")));
    for (const bytes of [...unsigned, forged]) {
      await bucket.put(key, bytes);
      await read();
    }
    const { records_bad, records_refused } = machine.counters.snapshot();
    expect([records_bad, records_refused]).toEqual([undefined, unsigned.length + 1]);
  });

  test("a signed head is read, if it was signed for a record of this job", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    const { reader } = machine.reader(check);
    const head = bucket.keys.head(scope);
    const runs = [scope, scopeOf({ job: "other" })].map((each) => bucket.keys.run(each, 0, "m1"));
    const groups = [];
    for (const key of runs) {
      await bucket.put(head, signer.sign(key, await recordOf(ENTRIES, { about: { key } })));
      groups.push(await reader.fetchHead(head, bucket.keys.runs(scope), NEVER));
    }
    expect(groups.map((group) => group && entriesIn(group))).toEqual([ENTRIES, undefined]);
    expect(machine.counters.get("records_refused")).toBe(1);
  });
});
