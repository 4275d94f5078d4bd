/** Releases of go between `$GOMODCACHE` and the bucket: nothing has a name before the checksum database vouches for it. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { GoModCache } from "../../src/gomodcache/go-mod-cache.ts";
import { formatTreeHeader, parseTreeHeader, type TreeHeader } from "../../src/gomodcache/tree-header.ts";
import { sumAction, treeAction } from "../../src/gomodcache/wanted-modules.ts";
import { filesBelow } from "../support/file-tree.ts";
import { TestSumdb } from "../support/modules/test-sumdb.ts";
import { tempDir } from "../support/temp-dir.ts";
import { writeOutput } from "./gomodcache-fixture.ts";
import {
  databaseWith,
  hashOf,
  LOOKUP,
  RELEASE,
  RELEASE_DOWNLOAD,
  RELEASE_FILES,
  RELEASE_TREE,
  releaseCache,
  releaseOf,
  sumdbFile,
  tileNames,
  usedCache,
} from "./release-fixture.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const TREE_ACTION = treeAction(RELEASE, hashOf(RELEASE_FILES));
/** Smaller, so that its tree is the beginning of the other. */
const SMALLER = 65_990;

let sumdb: TestSumdb;
/** The outputs that `save` makes. */
let sum: Buffer;
let tree: Buffer;

beforeAll(async () => {
  sumdb = databaseWith();
  using dir = tempDir("release");
  const { cache, outputs } = await pack(usedCache(dir.path, sumdb));
  expect([...cache.present()]).toEqual([TREE_ACTION, sumAction(releaseOf(sumdb))]);
  [tree, sum] = outputs as [Buffer, Buffer];
});

/** The bytes of what is there, as they go to the bucket. */
async function pack(root: string, release = releaseOf(sumdb)) {
  const cache = releaseCache(root, release);
  await cache.proveRelease();
  const outputs: Buffer[] = [];
  for (const actionId of cache.present()) {
    const { outputId = "" } = (await cache.read(actionId)) ?? {};
    // A chunk counts until the next is read.
    const chunks = Array.from(cache.findOutput(outputId)?.chunks() ?? [], (chunk) => Buffer.from(chunk));
    outputs.push(Buffer.concat(chunks));
  }
  return { cache, outputs };
}

/** Receives the outputs as `restore` does. */
async function unpack(root: string, [first, second]: readonly Buffer[], release = releaseOf(sumdb)) {
  const cache = releaseCache(root, release);
  receive(cache, first);
  await cache.proveRelease();
  // What it asks the bucket for.
  cache.missing();
  receive(cache, second);
  return cache;
}

function receive(cache: GoModCache, bytes: Buffer | undefined): void {
  try {
    if (bytes !== undefined) writeOutput(cache, bytes);
  } catch {
    // `firstProblem` has it.
  }
}

/** The proof with another header. */
function altered(change: (header: TreeHeader) => Partial<TreeHeader>): Buffer {
  const { header } = parseTreeHeader(sum) ?? {};
  if (header === undefined) throw new Error("no proof");
  return formatTreeHeader({ ...header, ...change(header) }, "sum");
}

/** A reply of the database that is not the right one. */
function reply(text: (right: string) => string): Buffer {
  return altered(({ lookup = "" }) => ({ lookup: text(lookup) }));
}

describe("nothing has a name where", () => {
  const flip = (base64: string, at: number) => {
    const bytes = Buffer.from(base64, "base64");
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes.toString("base64");
  };
  const altering = (change: (list: [string, string][]) => [string, string][]) => () =>
    altered(({ tiles = [] }) => ({ tiles: change(tiles) }));
  const cases: [string, () => Buffer | undefined][] = [
    ["the proof is missing", () => undefined],
    ["it is no proof", () => Buffer.from("#!/bin/sh\n".repeat(10))],
    ["it is the release itself", () => tree],
    ["its reply is missing", () => altered(() => ({ lookup: undefined }))],
    ["its tiles are missing", () => altered(() => ({ tiles: undefined }))],
    ["bytes follow it", () => Buffer.concat([sum, Buffer.from("x")])],
    ["it is cut off", () => sum.subarray(0, -1)],
    ["the reply has another hash", () => reply((text) => text.replace(/h1:\S+/, hashOf({ evil: "" })))],
    ["the reply has another number", () => reply((text) => text.replace(/^\d+/, "999"))],
    ["the reply is about another version", () => reply((text) => text.replaceAll("1.99.0", "1.99.1"))],
    ["the signature is wrong", () => reply((text) => text.replace(/.{8}=*\n$/, "AAAAAAA=\n"))],
    ["the signature is missing", () => reply((text) => text.replace(/— .*\n$/, ""))],
    [
      "the head is another's",
      () => reply((text) => text.replace(/go.sum database tree.*$/s, new TestSumdb(sumdb.name).head())),
    ],
    [
      "the tree of the head does not contain it",
      () => {
        const forged = "go.sum database tree\n66000\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
        return reply((text) => text.replace(/go.sum database tree.*$/s, sumdb.signed(forged)));
      },
    ],
    [
      "the head is of an older tree",
      () => reply((text) => text.replace(/go.sum database tree.*$/s, sumdb.head(900))),
    ],
    [
      "it is a proof for another platform",
      () => altered(() => ({ version: "v0.0.1-go1.99.0.darwin-arm64" })),
    ],
    ["a tile is missing", altering((list) => list.slice(1))],
    [
      "a tile is too short",
      altering(([[name = "", base64 = ""] = [], ...rest]) => [[name, base64.slice(0, -44)], ...rest]),
    ],
    [
      "a tile is too long",
      altering(([[name = "", base64 = ""] = [], ...rest]) => [
        [name, Buffer.concat([Buffer.from(base64, "base64"), Buffer.alloc(32)]).toString("base64")],
        ...rest,
      ]),
    ],
  ];
  test.each(cases)("%s", async (_, proof) => {
    using dir = tempDir("release");
    const bytes = proof();
    using cache = await unpack(dir.path, bytes === undefined ? [tree] : [bytes, tree]);
    expect([cache.has(sumAction(releaseOf(sumdb))), cache.has(TREE_ACTION)]).toEqual([false, false]);
    expect(cache.missing()).toEqual([]);
    expect(cache.firstProblem).toBeInstanceOf(Error);
    expect(filesBelow(dir.path).filter((name) => !name.startsWith("cache/unfinished"))).toEqual([]);
  });

  test("any byte of any tile is altered: go would read all of them", async () => {
    const { header } = parseTreeHeader(sum) ?? {};
    const tiles = header?.tiles ?? [];
    expect(new Set(tiles.map(([name]) => name))).toEqual(new Set(tileNames()));
    for (const [at, [name, base64]] of tiles.entries())
      for (const byte of [0, Buffer.from(base64, "base64").length - 1]) {
        using dir = tempDir("release");
        const proof = altered(() => ({ tiles: tiles.with(at, [name, flip(base64, byte)]) }));
        using cache = await unpack(dir.path, [proof, tree]);
        expect([name, byte, cache.missing()]).toEqual([name, byte, []]);
        expect(existsSync(dir.join("cache/download"))).toBe(false);
      }
  });

  test("the database is another one, or has another key", async () => {
    for (const other of [new TestSumdb(), new TestSumdb("other.test")]) {
      using dir = tempDir("release");
      using cache = await unpack(dir.path, [sum, tree], releaseOf(other));
      expect(sumAction(releaseOf(other))).not.toBe(sumAction(releaseOf(sumdb)));
      expect([cache.missing(), existsSync(dir.join(RELEASE_TREE))]).toEqual([[], false]);
    }
  });

  test.each<[string, (bytes: string) => string]>([
    ["one byte is altered", (text) => text.replace("echo new", "echo neu")],
    ["there is a file more", (text) => withFiles(text, { ...RELEASE_FILES, zz: "" })],
    ["there is a file less", (text) => withFiles(text, { "bin/go": RELEASE_FILES["bin/go"] ?? "" })],
    [
      "there is a go.mod beside its source",
      (text) => withFiles(text, { ...RELEASE_FILES, "src/go.mod": "module std\n" }),
    ],
  ])("the proof is right, but of the files %s", async (_, change) => {
    using dir = tempDir("release");
    const bytes = Buffer.from(change(tree.toString("latin1")), "latin1");
    using cache = await unpack(dir.path, [sum, bytes]);
    expect([cache.has(TREE_ACTION), existsSync(dir.join(RELEASE_TREE))]).toEqual([false, false]);
    expect(existsSync(dir.join(`${RELEASE_DOWNLOAD}.ziphash`))).toBe(false);
    expect(cache.firstProblem).toBeInstanceOf(Error);
  });
});

/** The output with other files. */
function withFiles(_: string, files: Record<string, string>): string {
  const list = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const sizes = list.map(([name, text]): [string, number] => [name, text.length]);
  const header = formatTreeHeader({ ...RELEASE, info: undefined, mod: undefined, files: sizes });
  return header.toString("latin1") + list.map(([, text]) => text).join("");
}

test("proven, the release and the proof lie where go looks for them, as after its own download", async () => {
  using dir = tempDir("release");
  using cache = await unpack(dir.path, [sum, tree]);
  expect([cache.firstProblem, cache.has(TREE_ACTION), cache.missing(), cache.missingSum()]).toEqual([
    undefined,
    true,
    [],
    [],
  ]);
  const names = filesBelow(dir.path).filter((name) => !name.startsWith("cache/unfinished"));
  const proof = [LOOKUP, ...tileNames()].map((name) => sumdbFile(sumdb, name));
  const files = Object.keys(RELEASE_FILES).map((name) => join(RELEASE_TREE, name));
  expect(new Set(names)).toEqual(new Set([...files, ...proof, `${RELEASE_DOWNLOAD}.ziphash`]));
  expect(readFileSync(dir.join(`${RELEASE_DOWNLOAD}.ziphash`), "utf8")).toBe(hashOf(RELEASE_FILES));
  expect(readFileSync(dir.join(sumdbFile(sumdb, LOOKUP)), "utf8")).toBe(String(sumdb.answer(LOOKUP)));
  for (const name of tileNames())
    expect(readFileSync(dir.join(sumdbFile(sumdb, name))).equals(sumdb.tile(name) ?? Buffer.alloc(0))).toBe(
      true,
    );
  // Go makes its programs executable when it runs the release for the first time.
  expect(statSync(dir.join(RELEASE_TREE, "bin/go")).mode & 0o777).toBe(0o444);
  expect(statSync(dir.join(RELEASE_TREE, "bin")).mode & 0o222).toBe(0);
});

test("what nobody has signed does not come along: go would fail at a reply that it can't read", async () => {
  using dir = tempDir("release");
  const odd = reply((text) => `${text.replace(/^/, "0")}— nonsense\n${"— other.test AAAA\n".repeat(200)}`);
  using cache = await unpack(dir.path, [odd, tree]);
  expect(cache.has(TREE_ACTION)).toBe(true);
  expect(readFileSync(dir.join(sumdbFile(sumdb, LOOKUP)), "utf8")).toBe(String(sumdb.answer(LOOKUP)));
});

test("what go has kept of the database stays", async () => {
  using dir = tempDir("release");
  usedCache(dir.path, sumdb, SMALLER);
  rmSync(dir.join(RELEASE_TREE), { recursive: true });
  const kept = readFileSync(dir.join(sumdbFile(sumdb, LOOKUP)), "utf8");
  rmSync(dir.join(`${RELEASE_DOWNLOAD}.ziphash`));
  using cache = await unpack(dir.path, [sum, tree]);
  expect(cache.has(TREE_ACTION)).toBe(true);
  expect(readFileSync(dir.join(sumdbFile(sumdb, LOOKUP)), "utf8")).toBe(kept);
});

describe("what is damaged where go keeps the database is replaced:", () => {
  test.each<[string, (path: string) => void]>([
    ["an empty file", (path) => writeFileSync(path, "")],
    ["other bytes", (path) => writeFileSync(path, "other")],
    ["a link that leads nowhere", (path) => symlinkSync("nowhere", path)],
  ])("%s", async (_, damage) => {
    for (const name of [LOOKUP, tileNames()[0] ?? ""]) {
      using dir = tempDir("release");
      const path = dir.join(sumdbFile(sumdb, name));
      mkdirSync(dirname(path), { recursive: true });
      damage(path);
      using cache = await unpack(dir.path, [sum, tree]);
      expect(cache.has(TREE_ACTION)).toBe(true);
      expect(readFileSync(path, "utf8")).toBe(String(sumdb.answer(name)));
    }
  });
});

test("what nobody has signed is removed from a proof that go has kept", async () => {
  using dir = tempDir("release");
  usedCache(dir.path, sumdb);
  rmSync(dir.join(RELEASE_TREE), { recursive: true });
  rmSync(dir.join(`${RELEASE_DOWNLOAD}.ziphash`));
  const path = dir.join(sumdbFile(sumdb, LOOKUP));
  writeFileSync(path, `${readFileSync(path, "utf8")}— other.test AAAA\n`);
  using cache = await unpack(dir.path, [sum, tree]);
  expect(cache.has(TREE_ACTION)).toBe(true);
  expect(readFileSync(path, "utf8")).toBe(String(sumdb.answer(LOOKUP)));
});

test("a folder where go keeps the database: the release is left to go", async () => {
  using dir = tempDir("release");
  mkdirSync(dir.join(sumdbFile(sumdb, LOOKUP)), { recursive: true });
  using cache = await unpack(dir.path, [sum, tree]);
  expect([cache.has(TREE_ACTION), cache.firstProblem]).toEqual([false, expect.any(Error)]);
});

describe("is not asked for:", () => {
  test.each<[string, (root: string) => void]>([
    ["a release that is there", (root) => void usedCache(root, sumdb)],
    [
      "one that go has as a zip",
      (root) => {
        usedCache(root, sumdb);
        rmSync(join(root, RELEASE_TREE), { recursive: true });
        writeFileSync(join(root, `${RELEASE_DOWNLOAD}.zip`), "");
      },
    ],
  ])("%s", (_, prepare) => {
    using dir = tempDir("release");
    prepare(dir.path);
    expect(releaseCache(dir.path, releaseOf(sumdb)).missingSum()).toEqual([]);
  });
});

describe("is not stored:", () => {
  test.each<[string, (root: string) => void]>([
    ["without the tiles", (root) => rmSync(join(root, sumdbFile(sumdb, "tile")), { recursive: true })],
    [
      "with another reply",
      (root) => {
        const path = join(root, sumdbFile(sumdb, LOOKUP));
        writeFileSync(path, readFileSync(path, "utf8").replace(/h1:\S+/, hashOf({ evil: "" })));
      },
    ],
    [
      "with an altered tile",
      (root) => {
        const path = join(root, sumdbFile(sumdb, tileNames()[0] ?? ""));
        writeFileSync(path, readFileSync(path).fill(1));
      },
    ],
  ])("a release %s", async (_, alter) => {
    using dir = tempDir("release");
    alter(usedCache(dir.path, sumdb));
    const { cache, outputs } = await pack(dir.path);
    expect(outputs).toEqual([]);
    expect(cache.firstProblem).toBeInstanceOf(Error);
  });

  test("a release without the reply, which go does not keep with GOSUMDB=off: no problem", async () => {
    using dir = tempDir("release");
    rmSync(join(usedCache(dir.path, sumdb), sumdbFile(sumdb, LOOKUP)));
    const { cache, outputs } = await pack(dir.path);
    expect([outputs, cache.firstProblem]).toEqual([[], undefined]);
  });

  test("a release with an altered file, or a file more", async () => {
    for (const name of ["bin/go", "bin/evil", "go.mod"]) {
      using dir = tempDir("release");
      writeFileSync(join(usedCache(dir.path, sumdb), RELEASE_TREE, name), "evil");
      const { cache } = await pack(dir.path);
      expect([name, await cache.read(TREE_ACTION)]).toEqual([name, undefined]);
    }
  });
});

test("an older head is proven by what go has kept of a newer tree", async () => {
  using dir = tempDir("release");
  usedCache(dir.path, sumdb, SMALLER);
  // As after a check against the newer tree: it has no tiles of the older one's edge.
  rmSync(dir.join(sumdbFile(sumdb, "tile")), { recursive: true });
  using newer = tempDir("release");
  usedCache(newer.path, sumdb);
  for (const name of tileNames()) {
    const file = sumdbFile(sumdb, name);
    await Bun.write(dir.join(file), Bun.file(newer.join(file)));
  }
  const { outputs } = await pack(dir.path);
  const { header } = parseTreeHeader(outputs[1] ?? Buffer.alloc(0)) ?? {};
  expect(new Set(header?.tiles?.map(([name]) => name))).toEqual(new Set(tileNames(SMALLER)));
  for (const [name, base64] of header?.tiles ?? [])
    expect(Buffer.from(base64, "base64").equals(sumdb.tile(name) ?? Buffer.alloc(0))).toBe(true);
});

test("the zip alone comes and goes as that of any module", () => {
  using dir = tempDir("release");
  using cache = releaseCache(dir.path, releaseOf(sumdb), { forms: "zips" });
  expect(cache.missingSum()).toEqual([sumAction(releaseOf(sumdb))]);
  expect(readdirSync(dir.path)).toEqual([]);
});
