/** Machines with keys: the records that they accept, and those that they sign. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { PackedKeys, scopeHash } from "../../../src/remote/packed/format/keys.ts";
import { isAccepted } from "../../../src/remote/packed/format/record-trust.ts";
import { collectGarbage } from "../../../src/remote/packed/gc/collect.ts";
import { takeCalls } from "./failing-store.ts";
import { recordOfSegments, refOf, segmentOf } from "./made-record.ts";
import { end, Machine, recordAt } from "./packed-fixture.ts";
import { entryOf, PLATFORM, StockedBucket, scopeOf } from "./stocked-bucket.ts";
import { DAY_MS, makeKey, trustOf } from "./trust-fixture.ts";

const KEY = makeKey();
const TRUST = trustOf(KEY);
const READER = { trust: { check: TRUST.check, signer: undefined }, readOnly: true };
const SIGNER = { trust: TRUST };

function idOf(text: string): string {
  return entryOf(text).actionId;
}

async function unsigned({ dir, objects }: StockedBucket, kind: string): Promise<string[]> {
  const keys = objects.filter((key) => key.includes(`/${kind}/`));
  const bytes = await Promise.all(keys.map((key) => Bun.file(dir.join(key)).bytes()));
  return keys.filter((key, n) => !isAccepted(TRUST.check, key, bytes[n] as Uint8Array<ArrayBuffer>));
}

test("a machine that trusts the key finds entries in every record of the signer", async () => {
  using bucket = new StockedBucket();
  using signer = new Machine(bucket, "m1");
  using reader = new Machine(bucket, "m2");
  await signer.put(["one", "two"], SIGNER);
  expect(await reader.get([idOf("one"), idOf("two"), idOf("three")], READER)).toEqual([
    "one",
    "two",
    undefined,
  ]);
  expect([await unsigned(bucket, "run"), await unsigned(bucket, "new")]).toEqual([[], []]);
  // A head is a copy of a run record, signed for the key of that record.
  const [head = ""] = bucket.objects.filter((key) => key.includes("/head/"));
  const [run = ""] = bucket.objects.filter((key) => key.includes("/run/"));
  expect(await Bun.file(bucket.dir.join(head)).bytes()).toEqual(await Bun.file(bucket.dir.join(run)).bytes());
});

test("a machine that trusts only that key finds nothing in unsigned records", async () => {
  using bucket = new StockedBucket();
  using other = new Machine(bucket, "m1");
  using reader = new Machine(bucket, "m2");
  await other.put(["one"]);
  expect(await reader.get([idOf("one")], READER)).toEqual([undefined]);
  expect(reader.counters.get("records_refused")).toBeGreaterThan(0);
  expect(await other.get([idOf("one")])).toEqual(["one"]);
});

test("a head that was signed for another job is ignored", async () => {
  using bucket = new StockedBucket();
  using signer = new Machine(bucket, "m1");
  using reader = new Machine(bucket, "m2");
  await signer.put(["one"], { ...SIGNER, scope: { job: "other" } });
  const head = bucket.keys.head(scopeOf({ job: "other" }));
  await bucket.put(bucket.keys.head(scopeOf()), await Bun.file(bucket.dir.join(head)).bytes());
  expect(await reader.get([idOf("one")], { ...READER, scope: { defaultBranch: undefined } })).toEqual([
    undefined,
  ]);
});

describe("a signing machine", () => {
  test("signs entries of signed records, but none that are only on its disk", async () => {
    using bucket = new StockedBucket();
    using first = new Machine(bucket, "m1");
    using second = new Machine(bucket, "m2");
    await first.put(["known"], SIGNER);
    const session = second.session(SIGNER);
    await session.get(idOf("unknown"));
    session.used(second.known("planted"));
    session.used(second.known("known"));
    session.put(second.entry("own"));
    await end(session);
    const runs = bucket.objects.filter((key) => key.includes("/run/") && key.includes("m2"));
    const { entries } = await recordAt(bucket, runs[0] ?? "");
    expect(entries.map(({ actionId }) => actionId)).toEqual([idOf("known"), idOf("own")]);
  });

  test("keeps its put entries in a second round of the same session", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    const session = machine.session(SIGNER);
    session.put(machine.entry("one"));
    await session.drain();
    session.put(machine.entry("two"));
    await end(session);
    const [run = ""] = bucket.objects.filter((key) => key.includes("/run/"));
    expect((await recordAt(bucket, run)).entries.map(({ actionId }) => actionId)).toEqual([
      idOf("one"),
      idOf("two"),
    ]);
  });

  test("writes no journal and adopts none", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    // A helper without the key dies and leaves its journal.
    const dying = machine.session();
    dying.put(machine.entry("left"));
    dying.abort();
    const before = journals(machine);
    expect(before.length).toBe(1);
    const session = machine.session(SIGNER);
    session.put(machine.entry("own"));
    await end(session);
    expect(journals(machine)).toEqual(before);
    expect((await unsigned(bucket, "run")).length).toBe(0);
    const [run = ""] = bucket.objects.filter((key) => key.includes("/run/"));
    expect((await recordAt(bucket, run)).entries.map(({ actionId }) => actionId)).toEqual([idOf("own")]);
  });

  test("ignores an unsigned log of its run", async () => {
    using bucket = new StockedBucket();
    using machine = new Machine(bucket);
    await machine.put(["planted"]);
    await machine.put(["own"], SIGNER);
    const logs = readdirSync(machine.dir.join("state", "packed", scopeHash(scopeOf())));
    expect(logs.filter((name) => /^run-.*\.json\.zst$/.test(name))).toHaveLength(1);
    const signed = await Promise.all(
      bucket.objects
        .filter((key) => key.includes("/run/"))
        .map(async (key) => ({
          key,
          bytes: (await Bun.file(bucket.dir.join(key)).bytes()) as Uint8Array<ArrayBuffer>,
        })),
    );
    const counting = signed.filter(({ key, bytes }) => isAccepted(TRUST.check, key, bytes));
    const entries = await Promise.all(counting.map(async ({ key }) => (await recordAt(bucket, key)).entries));
    expect(entries.flat().map(({ actionId }) => actionId)).toEqual([idOf("own")]);
  });
});

describe("gc with the key", () => {
  /** Fills the bucket with entries that two projects share. */
  async function stock(bucket: StockedBucket, options: object): Promise<void> {
    for (const project of ["example.com/a", "example.com/b"]) {
      using machine = new Machine(bucket, project === "example.com/a" ? "m1" : "m2");
      await machine.put(["common"], { ...options, scope: { project } });
    }
  }
  const options = (
    bucket: StockedBucket,
    trust?: typeof TRUST | { check: typeof TRUST.check; signer: undefined },
  ) => ({
    store: bucket.store,
    prefix: bucket.prefix,
    olderThanMs: 14 * DAY_MS,
    dryRun: false,
    trust,
  });

  test("signs a shared record of signed records only, and renews it before it expires", async () => {
    using bucket = new StockedBucket();
    await stock(bucket, SIGNER);
    const key = bucket.keys.shared(PLATFORM);
    let now = Date.now();
    const trust = trustOf(KEY, () => now);
    await collectGarbage(options(bucket, trust));
    const first = await Bun.file(bucket.dir.join(key)).bytes();
    expect(isAccepted(TRUST.check, key, first as Uint8Array<ArrayBuffer>)).toBe(true);
    await collectGarbage(options(bucket, trust));
    expect(await Bun.file(bucket.dir.join(key)).bytes()).toEqual(first);
    now -= 0.6 * DAY_MS;
    await bucket.put(key, trust.signer.sign(key, first.subarray(0, first.length) as Uint8Array<ArrayBuffer>));
    await collectGarbage(options(bucket, TRUST));
    expect(
      isAccepted(TRUST.check, key, (await Bun.file(bucket.dir.join(key)).bytes()) as Uint8Array<ArrayBuffer>),
    ).toBe(true);
  });

  test("ignores unsigned records, which gc without keys shares", async () => {
    using bucket = new StockedBucket();
    await stock(bucket, {});
    expect((await collectGarbage(options(bucket, TRUST))).shared).toEqual([]);
    expect((await collectGarbage(options(bucket))).shared).toEqual([{ platform: PLATFORM, entries: 1 }]);
  });

  test("gc without the key keeps a signed shared record", async () => {
    using bucket = new StockedBucket();
    await stock(bucket, SIGNER);
    await collectGarbage(options(bucket, TRUST));
    const key = bucket.keys.shared(PLATFORM);
    const before = await Bun.file(bucket.dir.join(key)).bytes();
    await collectGarbage(options(bucket));
    await collectGarbage(options(bucket, { check: TRUST.check, signer: undefined }));
    expect(await Bun.file(bucket.dir.join(key)).bytes()).toEqual(before);
  });
});

describe("additional prefixes", () => {
  test("are read, after the own one, and never written", async () => {
    using main = new StockedBucket("main");
    using trusted = new Machine(main, "m1");
    using pull = new Machine(main, "m2");
    await trusted.put(["one"], { prefix: "main" });
    const before = main.objects;
    const own = { prefix: "pr", readPrefixes: ["main"] };
    const session = pull.session(own);
    expect((await session.get(idOf("one")))?.outputId).toBe(entryOf("one").outputId);
    session.put(pull.entry("two"));
    await end(session);
    expect(main.objects.filter((key) => key.startsWith("main/"))).toEqual(before);
    using next = new Machine(main, "m3");
    expect(await next.get([idOf("one"), idOf("two")], own)).toEqual(["one", "two"]);
    // The pull request's record contains the place in the main prefix; it has not uploaded the output again.
    expect(main.objects.filter((key) => key.startsWith("pr/packed/v1/pack/")).length).toBe(1);
    expect(await trusted.get([idOf("two")], { prefix: "main" })).toEqual([undefined]);
  });

  test("that a reader was not told of are not read, though a record names packs and segments there", async () => {
    using main = new StockedBucket("main");
    using pull = new Machine(main, "m1");
    const [one, two] = await main.pack(["one", "two"]);
    const { ref } = await main.segment([two as PackedEntry]);
    // What a pull request's session records that has found two entries in main.
    const own = segmentOf([one as PackedEntry]);
    const key = new PackedKeys("pr").run(scopeOf(), Date.now(), "m2");
    await main.put(key, await recordOfSegments([refOf(own.segment), ref], {}, [own]));
    const ids = ["one", "two"].map(idOf);
    takeCalls(main.store);
    expect(await pull.get(ids, { prefix: "pr" })).toEqual([undefined, undefined]);
    expect(takeCalls(main.store, "get").filter((call) => call.startsWith("get main/"))).toEqual([]);
    expect(pull.counters.get("prefixes_refused")).toBeGreaterThan(0);
    using both = new Machine(main, "m3");
    expect(await both.get(ids, { prefix: "pr", readPrefixes: ["main"] })).toEqual(["one", "two"]);
    using turned = new Machine(main, "m4");
    expect(await turned.get(ids, { prefix: "main", readPrefixes: ["pr/"] })).toEqual(["one", "two"]);
    // What is a miss is made and stored again, and found from then on.
    await pull.put(["one"], { prefix: "pr" });
    using next = new Machine(main, "m5");
    expect(await next.get(ids, { prefix: "pr" })).toEqual(["one", undefined]);
  });

  test("with unsigned records are ignored, too", async () => {
    using main = new StockedBucket("main");
    using other = new Machine(main, "m1");
    using reader = new Machine(main, "m2");
    await other.put(["one"], { prefix: "main" });
    expect(await reader.get([idOf("one")], { ...READER, prefix: "pr", readPrefixes: ["main"] })).toEqual([
      undefined,
    ]);
  });
});

function journals(machine: Machine): string[] {
  return readdirSync(machine.dir.join("state", "packed", "journal"));
}
