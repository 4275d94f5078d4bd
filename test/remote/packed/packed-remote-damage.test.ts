/** Damaged objects in the bucket are misses, and the next build repairs them. */
import { describe, expect, test } from "bun:test";
import { renameSync, truncateSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { compressFrame } from "../../../src/lib/bytes/zstd.ts";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { wrongOutputs } from "../../support/file-tree.ts";
import { userLines } from "./filled-bucket.ts";
import { end, Machine, packBytes } from "./packed-fixture.ts";
import { entryOf, HOUR_MS, packOf, StockedBucket, scopeOf } from "./stocked-bucket.ts";

const TEXTS = ["hello", "world", "others"];
const ACTIONS = TEXTS.map((text) => entryOf(text).actionId);

/** A bucket that one machine has filled, and two machines with empty caches. */
async function filled() {
  const bucket = new StockedBucket();
  const [one, two, three] = ["m1", "m2", "m3"].map((name) => new Machine(bucket, name)) as [
    Machine,
    Machine,
    Machine,
  ];
  await one.put(TEXTS);
  const dispose = () => {
    for (const part of [one, two, three, bucket]) part[Symbol.dispose]();
  };
  const keysOf = (kind: string) => bucket.objects.filter((key) => key.includes(`/v1/${kind}/`));
  return { bucket, two, three, keysOf, [Symbol.dispose]: dispose };
}

/** Builds on a machine: puts every text that is a miss. Returns the hits. */
async function build(machine: Machine): Promise<string[]> {
  const session = machine.session({ scope: { run: "2" } });
  const found: string[] = [];
  for (const text of TEXTS) {
    if ((await session.get(entryOf(text).actionId)) !== undefined) found.push(text);
    else session.put(machine.entry(text));
  }
  await end(session);
  expect(wrongOutputs(machine.dir.path)).toEqual([]);
  return found;
}

const RECORD_DAMAGES: [string, (bucket: StockedBucket, key: string) => unknown][] = [
  ["gone", (bucket, key) => bucket.remove(key)],
  ["empty", (bucket, key) => bucket.overwrite(key, Buffer.alloc(0))],
  ["truncated", ({ dir }, key) => truncateSync(dir.join(key), 40)],
  ["an HTML page", (bucket, key) => bucket.overwrite(key, Buffer.from("<html>not here</html>"))],
  ["of a later version", (bucket, key) => bucket.overwrite(key, compressFrame(Buffer.from('{"version":2}')))],
  [
    "of another structure",
    (bucket, key) => bucket.overwrite(key, compressFrame(Buffer.from('{"version":1,"entries":{}}'))),
  ],
  ["200 MB large", ({ dir }, key) => truncateSync(dir.join(key), 200_000_000)],
  [
    "a decompression bomb",
    (bucket, key) => bucket.overwrite(key, compressFrame(Buffer.alloc(97 << 20, " "))),
  ],
];

describe("records that are", () => {
  test.each(RECORD_DAMAGES)("%s are a miss, and the next build writes new ones", async (_, damage) => {
    using team = await filled();
    for (const key of [...team.keysOf("run"), ...team.keysOf("head"), ...team.keysOf("new")]) {
      await damage(team.bucket, key);
    }
    expect([await build(team.two), await build(team.three)]).toEqual([[], TEXTS]);
    expect([team.two, team.three].flatMap(userLines)).toEqual([]);
  });
});

const PACK_DAMAGES: [string, (bucket: StockedBucket, key: string) => unknown][] = [
  ["gone", (bucket, key) => bucket.remove(key)],
  ["empty", (bucket, key) => bucket.overwrite(key, Buffer.alloc(0))],
  ["truncated", ({ dir }, key) => truncateSync(dir.join(key), 10)],
  ["longer", ({ dir }, key) => appendFile(dir.join(key), "x")],
  ["missing", ({ dir }, key) => renameSync(dir.join(key), dir.join(`${key}.aside`))],
  [
    "replaced by other bytes",
    async (bucket, key) => bucket.overwrite(key, new Uint8Array(await sizeOf(bucket, key))),
  ],
];

async function sizeOf({ dir }: StockedBucket, key: string): Promise<number> {
  return (await Bun.file(dir.join(key)).bytes()).length;
}

describe("packs that are", () => {
  test.each(PACK_DAMAGES)(
    "%s are a miss, and the next build uploads their outputs again",
    async (_, damage) => {
      using team = await filled();
      for (const key of team.keysOf("pack")) await damage(team.bucket, key);
      expect([await build(team.two), await build(team.three)]).toEqual([[], TEXTS]);
      expect(team.two.counters.get("packs_bad")).toBeGreaterThan(0);
      expect(team.three.counters.get("packs_bad")).toBe(0);
    },
  );

  test("altered in one frame are a miss for that output only, logged once", async () => {
    using team = await filled();
    const [key = ""] = team.keysOf("pack");
    const bytes = await Bun.file(team.bucket.dir.join(key)).bytes();
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await team.bucket.overwrite(key, bytes);
    const texts = await team.two.get(ACTIONS);
    expect(texts.filter((text) => text !== undefined)).toHaveLength(2);
    expect(team.two.health.lines.filter((line) => line.includes("wrong bytes, not used"))).toHaveLength(1);
    await build(team.two);
    expect(await build(team.three)).toEqual(TEXTS);
  });

  test("gone are a hit if an older record has another place", async () => {
    using team = await filled();
    const [entry] = (await packBytes(team.bucket, [{ body: Buffer.from("hello") }])) as [PackedEntry];
    const newer = { ...entry, actionId: entryOf("hello").actionId };
    await team.bucket.run([newer], { run: "2", machine: "m9", ageMs: -HOUR_MS });
    for (const key of [team.bucket.keys.pack(packOf(newer)), ...team.keysOf("head")])
      await team.bucket.remove(key);
    expect(await team.two.get([newer.actionId])).toEqual(["hello"]);
    expect(team.two.counters.get("packs_bad")).toBe(1);
  });
});

test("a record with the place of another output is a miss", async () => {
  using team = await filled();
  const entries = await packBytes(team.bucket, [{ body: Buffer.from("a") }, { body: Buffer.from("b") }]);
  const swapped = { ...(entries[0] as PackedEntry), place: (entries[1] as PackedEntry).place };
  await team.bucket.run([swapped], { run: "2", machine: "m9", ageMs: -HOUR_MS });
  expect(await team.two.get([swapped.actionId])).toEqual([undefined]);
  expect(wrongOutputs(team.two.dir.path)).toEqual([]);
});

test.each(["/etc", "a\0b"])("a record with packs below the prefix %j reads nothing there", async (prefix) => {
  using team = await filled();
  const [entry] = (await packBytes(team.bucket, [{ body: Buffer.from("a") }])) as [PackedEntry];
  const { place } = entry;
  const elsewhere = { ...entry, place: place && { ...place, pack: { ...place.pack, prefix } } };
  await team.bucket.run([elsewhere], { run: "2", machine: "m9", ageMs: -HOUR_MS });
  expect(await team.two.get([entry.actionId])).toEqual([undefined]);
});

test("the records of another platform, project or branch are not read", async () => {
  using team = await filled();
  const scopes = [{ platform: "linux_arm64_go1.26.3" }, { project: "example.com/b" }];
  for (const scope of scopes) expect(await team.two.get(ACTIONS.slice(0, 1), { scope })).toEqual([undefined]);
  expect(scopeOf().defaultBranch).toBe("main");
  const elsewhere = { branch: "other", defaultBranch: undefined };
  expect(await team.three.get(ACTIONS.slice(0, 1), { scope: elsewhere })).toEqual([undefined]);
});
