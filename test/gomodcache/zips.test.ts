/** Zips of modules on their way to the bucket, and from there into `$GOMODCACHE`. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GoModCache } from "../../src/gomodcache/go-mod-cache.ts";
import type { ModuleForms } from "../../src/gomodcache/module-forms.ts";
import { modAction, treeAction, zipAction } from "../../src/gomodcache/wanted-modules.ts";
import { listFiles } from "../../src/lib/files/list-files.ts";
import { describeError } from "../../src/lib/text/describe-error.ts";
import { filesBelow } from "../support/file-tree.ts";
import { sha256Hex } from "../support/ids.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import {
  bytesOf,
  cacheAt,
  DOWNLOAD,
  FILES,
  INFO,
  MOD,
  MODULE,
  soundOutput,
  TREE,
  unpackedCache,
  wantedOf,
  writeOutput,
  zipOf,
  zipOutput,
} from "./gomodcache-fixture.ts";

const { treeHash = "", modHash = "" } = wantedOf();
const [TREE_ACTION, ZIP_ACTION] = [treeAction(MODULE, treeHash), zipAction(MODULE, treeHash)];
const DAY_MS = 24 * 3_600_000;

/** Writes a zip's output, and lets the cache name it. */
async function arrive(cache: GoModCache, bytes: Buffer, chunkBytes?: number): Promise<void> {
  writeOutput(cache, bytes, chunkBytes);
  await cache.nameZips();
}

/** Gives a file of the cache, or the module's folder, a time: so many days ago. */
function age(root: string, name: string, days: number): void {
  const seconds = (Date.now() - days * DAY_MS) / 1000;
  utimesSync(join(root, name), seconds, seconds);
}

/** A cache in which go has unpacked the module from its zip, so many days ago. */
function fetchedCache(root: string, days: { zip: number; tree: number }): string {
  unpackedCache(root);
  writeFileSync(join(root, `${DOWNLOAD}.zip`), zipOf());
  age(root, `${DOWNLOAD}.zip`, days.zip);
  age(root, TREE, days.tree);
  return root;
}

describe("gets no name, and nothing of it is left:", () => {
  const sound = zipOutput(zipOf());
  const altered = Buffer.from(sound);
  altered[altered.indexOf("PK\x03\x04") + 66] = 0x21;
  const comment = Buffer.concat([zipOf(), Buffer.from("x")]);
  comment.writeUInt16LE(1, comment.length - 3);
  test.each<[string, Buffer]>([
    ["one byte altered", altered],
    ["a byte less", sound.subarray(0, -1)],
    ["a byte more", Buffer.concat([sound, Buffer.from("x")])],
    ["no zip", zipOutput(Buffer.from("#!/bin/sh\n"))],
    ["an empty zip", zipOutput(Buffer.alloc(0))],
    ["a file altered", zipOutput(zipOf({ ...FILES, "z.go": "package y\n" }))],
    ["a file more", zipOutput(zipOf({ ...FILES, "zz.go": "package z\n" }))],
    ["a file less", zipOutput(zipOf({ "go.mod": MOD }))],
    ["the zip of another module", zipOutput(zipOf(FILES, { path: "example.com/other", version: "v1.2.0" }))],
    ["a zip that go might read otherwise", zipOutput(comment)],
  ])("%s", async (_, bytes) => {
    using dir = tempDir("zips");
    {
      using cache = cacheAt(dir.path);
      cache.missing();
      cache.missingZips();
      await arrive(cache, bytes, 1_000);
      expect(cache.firstProblem).toBeInstanceOf(Error);
      expect(cache.has(ZIP_ACTION)).toBe(false);
    }
    expect(filesBelow(dir.path)).toEqual([`${DOWNLOAD}.info`, `${DOWNLOAD}.mod`]);
    expect(readdirSync(dir.join("cache"))).toEqual(["download"]);
  });

  test.each<[string, Buffer]>([
    ["a header that is cut off", sound.subarray(0, 60)],
    [
      "a header of a module that no go.sum names",
      zipOutput(zipOf(), { ...MODULE, path: "example.com/other" }),
    ],
    [
      "a header with a list of files",
      Buffer.from(soundOutput().toString("latin1").replace("module tree", "module zip"), "latin1"),
    ],
    [
      "a header with another go.mod",
      Buffer.from(sound.toString("latin1").replace("Big/mod\\n", "Big/bad\\n"), "latin1"),
    ],
  ])("%s", (_, bytes) => {
    using dir = tempDir("zips");
    {
      using cache = cacheAt(dir.path);
      expect(() => writeOutput(cache, bytes)).toThrow();
    }
    expect(filesBelow(dir.path)).toEqual([]);
    expect(listFiles(dir.join("cache"))).toEqual([]);
  });

  test("a zip after which nothing arrives any more", () => {
    using dir = tempDir("zips");
    {
      using cache = cacheAt(dir.path);
      writeOutput(cache, sound);
    }
    expect(readdirSync(dir.join("cache"))).toEqual(["download"]);
  });
});

test.each([1_000, 1_000_000])("in chunks of %i bytes, a zip is as go leaves it", async (chunkBytes) => {
  using dir = tempDir("zips");
  using cache = cacheAt(dir.path, wantedOf(), { forms: "zips" });
  expect(cache.missing()).toEqual([[ZIP_ACTION, modAction(MODULE, modHash)]]);
  await arrive(cache, zipOutput(zipOf()), chunkBytes);
  expect(cache.firstProblem).toBeUndefined();
  expect(readFileSync(dir.join(`${DOWNLOAD}.zip`)).equals(zipOf())).toBe(true);
  const text = (kind: string) => readFileSync(dir.join(`${DOWNLOAD}.${kind}`), "utf8");
  expect(["info", "mod", "ziphash"].map(text)).toEqual([INFO, MOD, treeHash]);
  expect(statSync(dir.join(`${DOWNLOAD}.zip`)).mode & 0o600).toBe(0o600);
  expect([cache.has(ZIP_ACTION), cache.missing(), [...cache.present()]]).toEqual([true, [], [ZIP_ACTION]]);
});

test("a zip that comes first does not keep the module's folder from its name, nor the other way round", async () => {
  for (const outputs of [
    [zipOutput(zipOf()), soundOutput()],
    [soundOutput(), zipOutput(zipOf())],
  ]) {
    using dir = tempDir("zips");
    using cache = cacheAt(dir.path, wantedOf(), { forms: "both" });
    expect(cache.missing()).toEqual([[ZIP_ACTION, TREE_ACTION, modAction(MODULE, modHash)]]);
    expect(cache.countModules(cache.missing().flat())).toBe(1);
    for (const bytes of outputs) writeOutput(cache, bytes);
    await cache.nameZips();
    expect([cache.has(TREE_ACTION), cache.has(ZIP_ACTION), cache.missing()]).toEqual([true, true, []]);
  }
});

describe("a zip that is wanted beside the files", () => {
  const restored = async (root: string, forms: ModuleForms, bytes: Buffer) => {
    using cache = cacheAt(root, wantedOf(), { forms });
    cache.missing();
    cache.missingZips();
    await arrive(cache, bytes);
    expect(cache.firstProblem).toBeUndefined();
    return [...cache.present()];
  };

  test.each<ModuleForms>(["both", "auto"])(
    "brings them as their own output would, with %s",
    async (forms) => {
      using dir = tempDir("zips");
      using other = tempDir("zips");
      expect(await restored(dir.path, forms, zipOutput(zipOf()))).toEqual([TREE_ACTION, ZIP_ACTION]);
      await restored(other.path, "trees", soundOutput());
      const modes = ({ join }: TempDir) =>
        [...Object.keys(FILES), "a/z", "a", ""].map((name) => [name, statSync(join(TREE, name)).mode]);
      expect(modes(dir)).toEqual(modes(other));
      expect(readFileSync(dir.join(TREE, "z.go"), "utf8")).toBe(FILES["z.go"] ?? "");
      expect(readFileSync(dir.join(`${DOWNLOAD}.ziphash`), "utf8")).toBe(treeHash);
    },
  );

  test("leaves files alone that are there", async () => {
    using dir = tempDir("zips");
    unpackedCache(dir.path);
    const { ino } = statSync(dir.join(TREE, "z.go"));
    expect(await restored(dir.path, "both", zipOutput(zipOf()))).toEqual([TREE_ACTION]);
    expect(statSync(dir.join(TREE, "z.go")).ino).toBe(ino);
  });
});

describe("a zip is left to go", () => {
  test.each(["lock", "zip", "partial"])("that has begun with it: there is a .%s", async (kind) => {
    using dir = tempDir("zips");
    mkdirSync(dirname(dir.join(DOWNLOAD)), { recursive: true });
    writeFileSync(dir.join(`${DOWNLOAD}.${kind}`), "");
    using cache = cacheAt(dir.path, wantedOf(), { forms: "both" });
    expect(cache.missing().flat()).not.toContain(ZIP_ACTION);
    await arrive(cache, zipOutput(zipOf()));
    const names = ["info", "mod", kind].map((each) => `${DOWNLOAD}.${each}`);
    // A go that is gone has left a lock that nobody holds, so the files of the module get their name.
    const files = kind === "lock" ? Object.keys(FILES).map((name) => join(TREE, name)) : [];
    const hash = kind === "lock" ? [`${DOWNLOAD}.ziphash`] : [];
    expect(new Set(filesBelow(dir.path))).toEqual(new Set([...names, ...files, ...hash]));
  });

  test("beside files that it does not take as they are: its hash would make it take them", async () => {
    using dir = tempDir("zips");
    unpackedCache(dir.path, { "a.go": "evil" });
    for (const kind of ["ziphash", "lock"]) rmSync(dir.join(`${DOWNLOAD}.${kind}`));
    using cache = cacheAt(dir.path, wantedOf(), { forms: "zips" });
    await arrive(cache, zipOutput(zipOf()));
    expect(filesBelow(dirname(dir.join(DOWNLOAD)))).toEqual(["v1.2.0.info", "v1.2.0.mod"]);
  });
});

test("a hash of another zip, left by somebody, is replaced", async () => {
  using dir = tempDir("zips");
  mkdirSync(dirname(dir.join(DOWNLOAD)), { recursive: true });
  writeFileSync(dir.join(`${DOWNLOAD}.ziphash`), "h1:other");
  using cache = cacheAt(dir.path, wantedOf(), { forms: "zips" });
  await arrive(cache, zipOutput(zipOf()));
  expect(readFileSync(dir.join(`${DOWNLOAD}.ziphash`), "utf8")).toBe(treeHash);
});

test("a module without a line for its files in go.sum has no zip", () => {
  using dir = tempDir("zips");
  using cache = cacheAt(dir.path, { ...wantedOf(), treeHash: undefined }, { forms: "both" });
  expect(cache.missing()).toEqual([[modAction(MODULE, modHash)]]);
  expect(cache.missingZips()).toEqual([]);
});

describe("on its way to the bucket", () => {
  test("a zip is an output with a header and its bytes", async () => {
    using dir = tempDir("zips");
    using cache = cacheAt(fetchedCache(dir.path, { zip: 3, tree: 2 }), wantedOf(), { forms: "both" });
    expect([...cache.present()]).toEqual([TREE_ACTION, ZIP_ACTION]);
    const entry = await cache.read(ZIP_ACTION);
    const bytes = zipOutput(zipOf());
    expect(entry).toMatchObject({ outputId: sha256Hex(bytes), sizeBytes: bytes.length });
    expect(Math.abs((entry?.putTimeMs ?? 0) - (Date.now() - 3 * DAY_MS))).toBeLessThan(DAY_MS);
    expect(bytesOf(cache, entry?.outputId).equals(bytes)).toBe(true);
  });

  test("a zip that is not as go.sum says is not stored", async () => {
    using dir = tempDir("zips");
    using cache = cacheAt(fetchedCache(dir.path, { zip: 3, tree: 2 }), wantedOf(), { forms: "both" });
    writeFileSync(dir.join(`${DOWNLOAD}.zip`), zipOf({ ...FILES, "z.go": "package y\n" }));
    expect([...cache.present()]).toContain(ZIP_ACTION);
    expect([await cache.read(ZIP_ACTION), cache.get(ZIP_ACTION)]).toEqual([undefined, undefined]);
    expect(describeError(cache.firstProblem)).toBe(
      "example.com/Big/mod@v1.2.0: a zip that differs from its checksum",
    );
  });
});

describe("where only zips count that the job wants,", () => {
  const presentIn = (root: string) => {
    using cache = cacheAt(root);
    return [...cache.present()];
  };

  test("one that go fetched to unpack it does not", () => {
    using dir = tempDir("zips");
    expect(presentIn(fetchedCache(dir.path, { zip: 2, tree: 1 }))).toEqual([TREE_ACTION]);
  });

  test("one that came after the files does, for two weeks", () => {
    using dir = tempDir("zips");
    expect(presentIn(fetchedCache(dir.path, { zip: 1, tree: 2 }))).toEqual([TREE_ACTION, ZIP_ACTION]);
    age(dir.path, TREE, 20);
    age(dir.path, `${DOWNLOAD}.zip`, 15);
    expect(presentIn(dir.path)).toEqual([TREE_ACTION]);
  });

  test("one that was restored does, for two weeks from when a job fetched it", async () => {
    using dir = tempDir("zips");
    using cache = cacheAt(dir.path);
    cache.missing();
    expect(cache.missingZips()).toEqual([ZIP_ACTION]);
    for (const bytes of [soundOutput(), zipOutput(zipOf())]) writeOutput(cache, bytes);
    const fetchedMs = Date.now() - 13 * DAY_MS;
    cache.putRecord(ZIP_ACTION, {}, fetchedMs);
    await cache.nameZips();
    expect([...cache.present()]).toEqual([TREE_ACTION, ZIP_ACTION]);
    expect(cache.isNewsOfZip(ZIP_ACTION, fetchedMs)).toBe(false);
    expect(Math.abs(((await cache.read(ZIP_ACTION))?.putTimeMs ?? 0) - fetchedMs)).toBeLessThan(1_000);
    age(dir.path, `${DOWNLOAD}.zip`, 15);
    expect([...cache.present()]).toEqual([TREE_ACTION]);
  });

  test("one whose time is in the future counts as fetched now", async () => {
    using dir = tempDir("zips");
    using cache = cacheAt(dir.path);
    cache.missingZips();
    writeOutput(cache, zipOutput(zipOf()));
    cache.putRecord(ZIP_ACTION, {}, 2 ** 48 - 1);
    await cache.nameZips();
    expect(statSync(dir.join(`${DOWNLOAD}.zip`)).mtimeMs).toBeLessThanOrEqual(Date.now());
  });

  test("one that the job fetched again is news", () => {
    using dir = tempDir("zips");
    using cache = cacheAt(fetchedCache(dir.path, { zip: 1, tree: 2 }));
    expect([...cache.present()]).toContain(ZIP_ACTION);
    const daysAgo = (days: number) => Date.now() - days * DAY_MS;
    expect([20, 1].map((days) => cache.isNewsOfZip(ZIP_ACTION, daysAgo(days)))).toEqual([true, false]);
    expect(cache.isNewsOfZip(TREE_ACTION, daysAgo(20))).toBe(false);
  });
});
