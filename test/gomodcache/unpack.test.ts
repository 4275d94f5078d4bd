/** Modules from the bucket on their way into `$GOMODCACHE`. */
import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { GoModCache } from "../../src/gomodcache/go-mod-cache.ts";
import { parseTreeHeader } from "../../src/gomodcache/tree-header.ts";
import {
  modAction,
  treeAction,
  type WantedModule,
  wantedModules,
} from "../../src/gomodcache/wanted-modules.ts";
import { tryFlock } from "../../src/lib/files/flock.ts";
import { listFiles } from "../../src/lib/files/list-files.ts";
import { filesBelow } from "../support/file-tree.ts";
import { testOnPosix } from "../support/platform.ts";
import { tempDir } from "../support/temp-dir.ts";
import {
  bytesOf,
  cacheAt,
  DOWNLOAD,
  FILES,
  INFO,
  MOD,
  MODULE,
  outputOf,
  soundOutput,
  TREE,
  unpackedCache,
  wantedOf,
  writeOutput,
} from "./gomodcache-fixture.ts";

const ENTRIES = Object.entries(FILES);

/** Puts a link to a file in place of that file. */
function relink(path: string): void {
  renameSync(path, `${path}-elsewhere`);
  symlinkSync(`${path}-elsewhere`, path);
}

/** What is below the cache, but for the folder of what is unfinished. */
function contentOf(root: string): string[] {
  return filesBelow(root).filter((name) => !name.startsWith("unfinished"));
}

describe("refuses, and leaves nothing of it:", () => {
  const sound = soundOutput();
  const altered = Buffer.from(sound);
  altered[altered.length - 3] = 0x21;
  const cases: [string, Buffer][] = [
    ["nothing", Buffer.alloc(0)],
    ["bytes that are no module", Buffer.from("x".repeat(100))],
    ["a header that is cut off", sound.subarray(0, 60)],
    ["one byte altered", altered],
    ["a byte less", sound.subarray(0, -1)],
    ["a byte more", Buffer.concat([sound, Buffer.from("x")])],
    ["a file more", outputOf([...ENTRIES, ["zz.go", "package z\n"]])],
    ["a file less", outputOf(ENTRIES.slice(0, -1))],
    ["a file of another name", outputOf([...ENTRIES.slice(0, -1), ["y.go", "package z\n"]])],
    ["the same bytes cut elsewhere", outputOf([["a/b.go", "package a"], ...ENTRIES.slice(1)])],
    ["files that are not sorted", outputOf(ENTRIES.toReversed())],
    ["a file twice", outputOf([["a/b.go", "package a\n"], ...ENTRIES])],
    [
      "names that differ only in capitals",
      outputOf([
        ["A/b.go", "x"],
        ["a/b.go", "x"],
      ]),
    ],
    [
      "a path through a file",
      outputOf([
        ["a", "x"],
        ["a/b", "x"],
      ]),
    ],
    ["an absolute path", outputOf([["/tmp/evil", "x"]])],
    ["a path with ..", outputOf([["../../evil", "x"]])],
    ["a path with .. in the middle", outputOf([["a/../../../evil", "x"]])],
    ["a path with a backslash", outputOf([["..\\evil", "x"]])],
    ["an empty part", outputOf([["a//b", "x"]])],
    ["a dot", outputOf([["./a", "x"]])],
    ["a file in very many folders", outputOf([[`${"a/".repeat(64)}b`, "x"]])],
    ["a path with a zero byte", outputOf([["a\0b", "x"]])],
    ["a line break in a name", outputOf([["a\nb", "x"]])],
    ["another go.mod beside the right files", outputOf(ENTRIES, { mod: "module evil\n" })],
    ["an .info of another version", outputOf(ENTRIES, { info: '{"Version":"v9.0.0"}' })],
    ["an .info that is no JSON", outputOf(ENTRIES, { info: "evil" })],
    ["a module that no go.sum names", outputOf(ENTRIES, { path: "example.com/other" })],
    ["a version that no go.sum names", outputOf(ENTRIES, { version: "v1.2.1" })],
    ["a module path that leads out", outputOf(ENTRIES, { path: "example.com/../../evil" })],
    ["a version that leads out", outputOf(ENTRIES, { version: "v1.2.0-/../evil" })],
    [
      "a size that is none",
      Buffer.from(sound.toString("latin1").replace('"z.go",10', '"z.go",-1'), "latin1"),
    ],
    ["a header of the wrong kind", Buffer.from("go module tree v1 2\n[]aaaaaaaaaaaaaaaaaaaaaaaaaaa")],
    ["a header without end", Buffer.from(`go module tree v1 999999999\n${"x".repeat(100)}`)],
  ];
  test.each(cases)("%s", (_, bytes) => {
    for (const chunkBytes of [bytes.length || 1, 100_000]) {
      using dir = tempDir("unpack");
      const root = dir.join("mod");
      {
        using cache = cacheAt(root);
        expect(() => writeOutput(cache, bytes, chunkBytes)).toThrow();
        expect(cache.firstProblem).toBeInstanceOf(Error);
        expect(cache.has(treeAction(MODULE, wantedOf().treeHash ?? ""))).toBe(false);
      }
      expect(filesBelow(dir.path)).toEqual([]);
      expect(listFiles(root)).toEqual([]);
    }
  });
});

test.each([
  ["another version under a name that go reads as well", '"version":"v9.0.0"', INFO],
  ["the same with a letter that go takes for an s", '"ver\u017fion":"v9.0.0"', INFO],
  ["an origin", '"Origin":{"URL":"https://evil.test"}', INFO],
  ["a time that is none", '"Time":"yesterday"', '{"Version":"v1.2.0"}'],
  ["a time of another kind", '"Time":[]', '{"Version":"v1.2.0"}'],
])("of an .info with %s, only version and time are kept", (_, more, kept) => {
  using dir = tempDir("unpack");
  using cache = cacheAt(dir.path);
  writeOutput(cache, outputOf(ENTRIES, { info: `${INFO.slice(0, -1)},${more}}` }));
  expect(readFileSync(dir.join(`${DOWNLOAD}.info`), "utf8")).toBe(kept);
  const [actionId = ""] = cache.present();
  const entry = cache.get(actionId);
  expect(parseTreeHeader(bytesOf(cache, entry?.outputId))?.header.info).toBe(kept);
});

test.each([1, 7, 4_096, 1_000_000])("in chunks of %i bytes, the module is as go leaves it", (chunkBytes) => {
  using dir = tempDir("unpack");
  const bytes = soundOutput({ "a/b.go": "package a\n", "empty.go": "", "go.mod": MOD });
  const wanted = wantedOf({ "a/b.go": "package a\n", "empty.go": "", "go.mod": MOD });
  using cache = cacheAt(dir.path, wanted);
  writeOutput(cache, bytes, chunkBytes);
  const read = (name: string) => readFileSync(dir.join(name), "utf8");
  const modeOf = (name: string) => statSync(dir.join(name)).mode & 0o777;
  expect(read(join(TREE, "a/b.go"))).toBe("package a\n");
  expect(read(join(TREE, "empty.go"))).toBe("");
  expect([read(`${DOWNLOAD}.info`), read(`${DOWNLOAD}.mod`)]).toEqual([INFO, MOD]);
  expect(read(`${DOWNLOAD}.ziphash`)).toBe(wanted.treeHash as string);
  expect(["", "a"].map((name) => modeOf(join(TREE, name)))).toEqual([0o555, 0o555]);
  expect(["a/b.go", "empty.go"].map((name) => modeOf(join(TREE, name)))).toEqual([0o444, 0o444]);
  expect(cache.has(cache.present().next().value ?? "")).toBe(true);
  expect(cache.missing()).toEqual([]);
});

test("with -modcacherw its folders stay writable", () => {
  using dir = tempDir("unpack");
  using cache = cacheAt(dir.path, wantedOf(), { isWritable: true });
  writeOutput(cache, soundOutput());
  expect(statSync(dir.join(TREE, "a")).mode & 0o700).toBe(0o700);
});

test("a go.mod alone is written if it is as go.sum says", () => {
  using dir = tempDir("unpack");
  const modOnly = (mod: string) => {
    const json = JSON.stringify({ ...MODULE, info: INFO, mod });
    return Buffer.from(`go module tree v1 ${Buffer.byteLength(json)}\n${json}`);
  };
  using cache = cacheAt(dir.path, { ...wantedOf(), treeHash: undefined });
  expect(() => writeOutput(cache, modOnly("module evil\n"))).toThrow("a go.mod that differs");
  writeOutput(cache, modOnly(MOD));
  expect(contentOf(dir.path)).toEqual([`${DOWNLOAD}.info`, `${DOWNLOAD}.mod`]);
});

describe("what is there stays as it is:", () => {
  test("a module that go has unpacked", () => {
    using dir = tempDir("unpack");
    unpackedCache(dir.path, { ...FILES, "go.mod": "changed by hand\n" });
    const before = contentOf(dir.path);
    using cache = cacheAt(dir.path);
    writeOutput(cache, soundOutput());
    expect(contentOf(dir.path)).toEqual(before);
    expect(readFileSync(dir.join(TREE, "go.mod"), "utf8")).toBe("changed by hand\n");
  });

  testOnPosix.each<[string, (lock: string) => Disposable | undefined]>([
    ["a lock that somebody has", (lock) => tryFlock(lock)],
    ["a zip", (lock) => void writeFileSync(lock.replace(/lock$/, "zip"), "")],
    ["a lock that is a link", (lock) => void relink(lock)],
  ])("a module that go is at: there is %s", (_, begin) => {
    using dir = tempDir("unpack");
    mkdirSync(dirname(dir.join(DOWNLOAD)), { recursive: true });
    const lock = dir.join(`${DOWNLOAD}.lock`);
    writeFileSync(lock, "");
    using _held = begin(lock) ?? null;
    using cache = cacheAt(dir.path);
    expect(cache.missing()).toEqual([[modAction(MODULE, wantedOf().modHash ?? "")]]);
    writeOutput(cache, soundOutput());
    expect(existsSync(dir.join(TREE))).toBe(false);
    expect(existsSync(dir.join(`${DOWNLOAD}.ziphash`))).toBe(false);
  });

  testOnPosix.each<[string, (lock: string) => Disposable | undefined]>([
    ["the lock is somebody's", (lock) => tryFlock(lock)],
    ["there is no lock", (lock) => void rmSync(lock)],
    ["there is its zip", (lock) => void writeFileSync(lock.replace(/lock$/, "zip"), "")],
  ])("a module that is half unpacked: %s", (_, begin) => {
    using dir = tempDir("unpack");
    unpackedCache(dir.path, { "a.go": "" });
    writeFileSync(dir.join(`${DOWNLOAD}.partial`), "");
    using _held = begin(dir.join(`${DOWNLOAD}.lock`)) ?? null;
    using cache = cacheAt(dir.path);
    expect(cache.missing()).toEqual([]);
    writeOutput(cache, soundOutput());
    expect(readdirSync(dir.join(TREE))).toEqual(["a.go"]);
    expect([...cache.present()]).toEqual([modAction(MODULE, wantedOf().modHash ?? "")]);
  });

  test("an empty folder, which go may just have made", () => {
    using dir = tempDir("unpack");
    mkdirSync(dir.join(TREE), { recursive: true });
    using cache = cacheAt(dir.path);
    writeOutput(cache, soundOutput());
    expect(readdirSync(dir.join(TREE))).toEqual([]);
  });
});

describe("what a go has left that lives no more is put right:", () => {
  const sound = (root: string) => {
    using cache = cacheAt(root);
    expect(cache.missing()).toEqual([]);
    for (const [name, text] of ENTRIES) expect(readFileSync(join(root, TREE, name), "utf8")).toBe(text);
    expect(readFileSync(join(root, `${DOWNLOAD}.ziphash`), "utf8")).toBe(wantedOf().treeHash ?? "");
    expect(existsSync(join(root, `${DOWNLOAD}.partial`))).toBe(false);
  };

  testOnPosix("a lock", () => {
    using dir = tempDir("unpack");
    mkdirSync(dirname(dir.join(DOWNLOAD)), { recursive: true });
    writeFileSync(dir.join(`${DOWNLOAD}.lock`), "");
    {
      using cache = cacheAt(dir.path);
      expect(cache.missing()[0]).toContain(treeAction(MODULE, wantedOf().treeHash ?? ""));
      writeOutput(cache, soundOutput());
    }
    sound(dir.path);
  });

  testOnPosix.each([true, false])("half a folder: %p", (hasFolder) => {
    using dir = tempDir("unpack");
    unpackedCache(dir.path, { "a/b.go": "half", "more.go": "" });
    if (!hasFolder) rmSync(dir.join(TREE), { recursive: true });
    writeFileSync(dir.join(`${DOWNLOAD}.partial`), "");
    {
      using cache = cacheAt(dir.path);
      writeOutput(cache, soundOutput());
    }
    sound(dir.path);
    expect(readdirSync(dir.join(TREE)).sort()).toEqual(["a", "go.mod", "z.go"]);
    expect(readdirSync(dir.join("cache"))).toEqual(["download"]);
  });
});

testOnPosix.each(["example.com", "cache/download/example.com/!big"])(
  "a file in place of the folder %s hides nothing of other modules",
  (name) => {
    using dir = tempDir("unpack");
    mkdirSync(dirname(dir.join(name)), { recursive: true });
    writeFileSync(dir.join(name), "");
    const [other] = wantedModules([`test.org/other v1.0.0 h1:${"a".repeat(43)}=\n`]);
    using cache = new GoModCache(dir.path, [wantedOf(), other as WantedModule], {
      isWritable: false,
      forms: "auto",
    });
    expect([cache.missing().length, [...cache.present()]]).toEqual([2, []]);
    expect(() => writeOutput(cache, soundOutput())).toThrow("is not a directory");
    expect(readFileSync(dir.join(name), "utf8")).toBe("");
  },
);

test.each(["example.com", "cache", "cache/download", "cache/download/example.com"])(
  "a link in place of the folder %s is not followed",
  (name) => {
    using dir = tempDir("unpack");
    mkdirSync(dir.join("elsewhere"));
    mkdirSync(dirname(dir.join("mod", name)), { recursive: true });
    symlinkSync(dir.join("elsewhere"), dir.join("mod", name));
    using cache = cacheAt(dir.join("mod"));
    expect(() => writeOutput(cache, soundOutput())).toThrow("is not a directory");
    expect(filesBelow(dir.join("elsewhere"))).toEqual([]);
    expect(existsSync(dir.join("mod", TREE, "go.mod"))).toBe(false);
  },
);

test("a process that has slept for hours gives nothing a name of which another has removed a part", () => {
  using dir = tempDir("unpack");
  using cache = cacheAt(dir.path);
  const output = cache.createOutput();
  output.write(soundOutput());
  const [folder = ""] = readdirSync(dir.path);
  const old = (Date.now() - 2 * 3_600_000) / 1000;
  utimesSync(dir.join(folder), old, old);
  cacheAt(dir.path).removeStale();
  expect(() => output.commit()).toThrow();
  expect(existsSync(dir.join(TREE))).toBe(false);
});

test("what killed processes left is removed after an hour; the cache may be a link, no folder in it", () => {
  using dir = tempDir("unpack");
  const names = [1, 2].map((n) => `unfinished-0000000${n}-0000-4000-8000-000000000000`);
  const parents = ["mod", "mod/cache", "elsewhere"];
  const old = (Date.now() - 2 * 3_600_000) / 1000;
  for (const parent of parents) {
    for (const name of names) mkdirSync(dir.join(parent, name, "1"), { recursive: true });
    utimesSync(dir.join(parent, names[0] as string), old, old);
  }
  mkdirSync(dir.join("other"));
  symlinkSync(dir.join("elsewhere"), dir.join("other/cache"));
  cacheAt(dir.join("other")).removeStale();
  symlinkSync(dir.join("mod"), dir.join("link"));
  cacheAt(dir.join("link")).removeStale();
  const left = parents.map((parent) => names.filter((name) => existsSync(dir.join(parent, name))));
  expect(left).toEqual([names.slice(1), names.slice(1), names]);
});
