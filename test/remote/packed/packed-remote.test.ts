/** Machines that share a bucket find each other's entries. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { sha256Hex } from "../../support/ids.ts";
import { noise } from "../../support/seed.ts";
import { DENIED, failLists, putKinds, takeCalls } from "./failing-store.ts";
import { end, Machine, recordAt } from "./packed-fixture.ts";
import { entryOf, HOUR_MS, StockedBucket, scopeOf } from "./stocked-bucket.ts";

const HELLO = entryOf("hello").actionId;
const WORLD = entryOf("world").actionId;

/** A bucket and three machines that share it. */
function open() {
  const bucket = new StockedBucket();
  const [one, two, three] = ["m1", "m2", "m3"].map((name) => new Machine(bucket, name)) as [
    Machine,
    Machine,
    Machine,
  ];
  const dispose = () => {
    for (const part of [one, two, three, bucket]) part[Symbol.dispose]();
  };
  return { bucket, one, two, three, [Symbol.dispose]: dispose };
}

describe("a machine with an empty cache", () => {
  test("gets another machine's entries with one listing and one pack", async () => {
    using team = open();
    const [put] = await team.one.put(["hello", "world"]);
    takeCalls(team.bucket.store);
    const session = team.two.session();
    const { outputId, sizeBytes, putTimeMs } = put as NonNullable<typeof put>;
    expect(await session.get(HELLO)).toMatchObject({ outputId, sizeBytes, putTimeMs });
    const { keys, store } = team.bucket;
    const requests = takeCalls(store).map((call) => /^get .*\/(pack|run)\//.exec(call)?.[1] ?? call);
    // The record itself is not requested if its head arrives first.
    expect(requests.filter((request) => request !== "run")).toEqual([
      `get ${keys.head(scopeOf())}`,
      `list ${keys.runs(scopeOf())}`,
      "pack",
    ]);
    await end(session);
    expect(await team.two.text(outputId)).toBe("hello");
  });

  test("gets all other entries of the run, too, with their action records", async () => {
    using team = open();
    await team.one.put(["hello", "world"]);
    await team.two.get([HELLO]);
    expect(team.two.local.get(WORLD)).toMatchObject({ outputId: sha256Hex("world") });
  });

  test("gets a miss without a request after it has read the records", async () => {
    using team = open();
    await team.one.put(["hello"]);
    const session = team.two.session();
    await session.get(HELLO);
    takeCalls(team.bucket.store);
    expect([await session.get(WORLD), team.bucket.store.calls]).toEqual([undefined, []]);
    await end(session);
  });

  test("finds nothing in an empty bucket, and leaves it empty", async () => {
    using team = open();
    expect([await team.one.get([HELLO]), team.bucket.objects]).toEqual([[undefined], []]);
  });
});

describe("outputs", () => {
  test.each([
    ["of nothing", Buffer.alloc(0)],
    ["of a byte", Buffer.from("x")],
    ["above 8 MiB that can't be made smaller", noise((8 << 20) + 1)],
    ["above 32 MiB", Buffer.alloc((32 << 20) + 1, "large ")],
  ])("%s are fetched unchanged, together with small ones", async (_, body) => {
    using team = open();
    const session = team.one.session();
    const entries = [team.one.entry(body), team.one.entry("hello")];
    for (const entry of entries) session.put(entry);
    await end(session);
    const other = team.two.session();
    for (const { actionId } of entries) await other.get(actionId);
    await end(other);
    for (const { outputId } of entries) {
      const { path = "" } = team.two.local.findOutput(outputId) ?? {};
      expect(sha256Hex(await Bun.file(path).bytes())).toBe(outputId);
    }
  });

  test("of two actions are found for both, from one place", async () => {
    using team = open();
    const session = team.one.session();
    for (const entry of [team.one.entry("hello"), team.one.entry("hello", "twin")]) session.put(entry);
    await end(session);
    expect(await team.two.get([HELLO, entryOf("twin").actionId])).toEqual(["hello", "hello"]);
  });

  test("of an action that was put again are the newest ones", async () => {
    using team = open();
    await team.one.put(["hello"]);
    const session = team.one.session();
    session.put(team.one.entry("changed", "hello"));
    await end(session);
    expect(await team.two.get([HELLO])).toEqual(["changed"]);
    const another = team.three.session({ scope: { run: "2" } });
    another.put(team.three.entry("changed again", "hello"));
    await end(another);
    using fresh = new Machine(team.bucket, "m4");
    expect(await fresh.get([HELLO])).toEqual(["changed again"]);
  });
});

describe("the bucket gets", () => {
  test("for a put one pack, addition, run record and head", async () => {
    using team = open();
    const session = team.one.session({ scope: { branch: "pr-1" } });
    session.put(team.one.entry("hello"));
    for (let n = 0; n < 3; n++) await session.drain();
    await session.settle();
    expect(putKinds(team.bucket)).toEqual(["head", "new", "pack", "run"]);
  });

  test("for hits from another machine's put only this machine's record", async () => {
    using team = open();
    await team.one.put(["hello"]);
    takeCalls(team.bucket.store);
    const scope = { branch: "pr-1", fallbackBranches: ["main"] };
    expect(await team.two.get([HELLO], { scope })).toEqual(["hello"]);
    expect(putKinds(team.bucket)).toEqual(["head", "run"]);
  });

  test("no pack and no addition for hits that the scope's records contain", async () => {
    using team = open();
    await team.one.put(["hello"]);
    takeCalls(team.bucket.store);
    // The lookup of an unknown action waits for the listing.
    expect(await team.two.get([HELLO, WORLD], { scope: { run: "2" } })).toEqual(["hello", undefined]);
    expect(putKinds(team.bucket)).toEqual(["head", "run"]);
  });

  test("nothing from a read-only session, and no journal is written", async () => {
    using team = open();
    await team.one.put(["hello"]);
    const before = team.bucket.objects;
    const session = team.two.session({ readOnly: true });
    expect(await session.get(HELLO)).toMatchObject({ sizeBytes: 5 });
    session.put(team.two.entry("world"));
    session.used(team.two.known("used"));
    await end(session);
    expect([
      team.bucket.objects,
      readdirSync(team.two.dir.join("state", "packed")).includes("journal"),
    ]).toEqual([before, false]);
  });

  test("the local hits that it lacks", async () => {
    using team = open();
    await team.one.put(["hello"]);
    takeCalls(team.bucket.store);
    const session = team.two.session();
    await session.get(HELLO);
    for (const text of ["hello", "world", ""]) session.used(team.two.known(text));
    await end(session);
    expect(putKinds(team.bucket)).toEqual(["head", "pack", "run"]);
    expect(await team.three.get([HELLO, WORLD, entryOf("").actionId])).toEqual(["hello", "world", ""]);
  });
});

test("an entry with an id that is no SHA-256 is not uploaded", async () => {
  using team = open();
  const session = team.one.session();
  const entry = team.one.entry("hello");
  for (const odd of [{ actionId: "0a" }, { outputId: "0b" }]) {
    session.put({ ...entry, ...odd });
  }
  session.used("0a");
  await end(session);
  expect(team.bucket.objects).toEqual([]);
});

test("the puts of many small sessions end up in a few packs", async () => {
  using team = open();
  const texts = Array.from({ length: 15 }, (_, n) => `test ${n}`);
  for (const text of texts) await team.one.put([text]);
  const [key = ""] = team.bucket.objects.filter((object) => object.includes("/run/"));
  const { entries } = await recordAt(team.bucket, key);
  expect(new Set(entries.map(({ place }) => place?.pack.id)).size).toBeLessThanOrEqual(12);
  takeCalls(team.bucket.store);
  expect(await team.two.get(texts.map((text) => entryOf(text).actionId))).toEqual(texts);
});

describe("a session with only local hits", () => {
  /** A session on a machine with these texts, with local hits only. */
  async function localSession(machine: Machine, texts: string[], run = "2"): Promise<void> {
    const session = machine.session({ scope: { run, defaultBranch: undefined } });
    for (const text of texts) session.used(machine.known(text));
    await end(session);
  }

  test("reads the bucket's records before it uploads, and so uploads no output again", async () => {
    using team = open();
    await team.one.put(["hello", "world"]);
    takeCalls(team.bucket.store);
    await localSession(team.two, ["hello", "world"]);
    const lists = team.bucket.store.calls.filter((call) => call.startsWith("list"));
    expect([lists.length, putKinds(team.bucket)]).toEqual([1, ["head", "run"]]);
    await localSession(team.two, ["hello", "world"]);
    expect(team.bucket.store.calls).toEqual([]);
  });

  test("uploads its entries to an empty bucket", async () => {
    using team = open();
    await localSession(team.one, ["hello", "world"]);
    expect(putKinds(team.bucket)).toEqual(["head", "pack", "run"]);
    expect(await team.two.get([HELLO, WORLD])).toEqual(["hello", "world"]);
  });

  test("uploads nothing if it can't read the records, with one message", async () => {
    for (const error of [DENIED, new Error("503")]) {
      using team = open();
      failLists(team.bucket.store, error);
      await localSession(team.one, ["hello"]);
      expect(team.bucket.objects).toEqual([]);
      const said = team.one.health.lines.filter((line) => line.includes("s3:ListBucket"));
      expect(said).toHaveLength(error === DENIED ? 1 : 0);
    }
  });
});

describe("concurrently,", () => {
  test("two sessions of one machine end, and the entries of both are found", async () => {
    using team = open();
    await Promise.all(["hello", "world"].map((text) => team.one.put([text])));
    const runs = team.bucket.objects.filter((key) => key.includes("/run/"));
    expect((await recordAt(team.bucket, runs[0] ?? "")).entries).toHaveLength(2);
    expect([runs.length, await team.two.get([HELLO, WORLD])]).toEqual([1, ["hello", "world"]]);
  });

  test("ten machines build parts of one run, and the entries of all are found", async () => {
    using team = open();
    const texts = Array.from({ length: 10 }, (_, n) => `part ${n}`);
    const machines = texts.map((_, n) => new Machine(team.bucket, `part${n}`));
    await Promise.all(machines.map((machine, n) => machine.put(texts.slice(n, n + 1))));
    for (const machine of machines) machine[Symbol.dispose]();
    expect(team.bucket.objects.filter((key) => key.includes("/run/"))).toHaveLength(10);
    expect(await team.one.get(texts.map((text) => entryOf(text).actionId))).toEqual(texts);
  });
});

test("two concurrent runs of one job on one machine have one record each, even if they alternate", async () => {
  using team = open();
  for (let command = 0; command < 12; command++) {
    for (const run of ["1", "2"]) await team.one.put([`${run}.${command}`], { scope: { run } });
  }
  const keys = team.bucket.objects.filter((key) => key.includes("/run/"));
  const records = await Promise.all(keys.map((key) => recordAt(team.bucket, key)));
  expect(records.map(({ entries }) => entries.length)).toEqual([12, 12]);
});

test("a run of another job finds the entries that one session put and another used", async () => {
  using team = open();
  await team.one.put(["hello"]);
  expect(await team.two.get([HELLO], { scope: { job: "lint", branch: "pr-1" } })).toEqual(["hello"]);
});

test.each(["", ".", "..", "../..", "a/b", "100%", " ", "x".repeat(300), "feature/😀", '\\:*?"<>|'])(
  "a scope with the names %j finds its own entries, and no other's",
  async (name) => {
    using team = open();
    const scope = { project: name, branch: name, job: name, run: name, defaultBranch: undefined };
    await team.one.put(["hello"], { scope });
    expect(await team.two.get([HELLO], { scope: { ...scope, run: "2" } })).toEqual(["hello"]);
    expect(await team.three.get([HELLO], { scope: { ...scope, project: `${name}x` } })).toEqual([undefined]);
  },
);

test("a prefetch fetches all entries of the newest run before any lookup", async () => {
  using team = open();
  await team.one.put(["hello", "world", ""]);
  const session = team.two.session({ readOnly: true });
  expect(await session.prefetch()).toEqual({ records: 1, entries: 3 });
  expect(filesBelow(team.two.dir.join("action"))).toHaveLength(3);
  expect(team.two.local.get(WORLD)).toMatchObject({ outputId: sha256Hex("world") });
});

test("a record's time of compiling is learned, as a day at most", async () => {
  using team = open();
  const [one, two] = (await team.bucket.pack(["hello", "world"])) as [PackedEntry, PackedEntry];
  const longMs = 40 * 24 * HOUR_MS;
  await team.bucket.run([
    { ...one, compileMs: 12 },
    { ...two, compileMs: longMs },
  ]);
  const learned = new Map<string, number>();
  const compileTimes = {
    current: () => () => undefined,
    learn: (times: Iterable<readonly [string, number]>) => {
      for (const [actionId, ms] of times) learned.set(actionId, ms);
    },
  };
  expect(await team.two.get([HELLO, WORLD], { compileTimes })).toEqual(["hello", "world"]);
  expect([learned.get(HELLO), learned.get(WORLD)]).toEqual([12, 24 * HOUR_MS]);
});
