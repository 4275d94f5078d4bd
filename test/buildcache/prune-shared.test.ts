/** Prunes a directory that other processes use at the same time, or that contains foreign files. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { prune } from "../../src/buildcache/prune.ts";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { filesBelow } from "../support/file-tree.ts";
import { immutable } from "../support/full-disk.ts";
import { testOnLinux, testOnPosix } from "../support/platform.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { age, HOUR_MS, writeAged } from "./local-fixture.ts";
import { BLOCK, idOf, namesLeft, pruneDir, writeEntries } from "./prune-fixture.ts";
import { openHits } from "./race-fixture.ts";

const EXPIRY = { expiryMs: 48 * HOUR_MS, maxSizeBytes: 0 };

/** A directory that runs a callback right before an output is moved aside. */
class BusyDir extends LocalDir {
  meanwhile: () => void = () => {};

  override moveAside(kind: string, name: string): string {
    this.meanwhile();
    return super.moveAside(kind, name);
  }
}

test("an output that is used between the check and the removal stays", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 100, bb: 100 });
  const busy = new BusyDir(dir.path);
  busy.meanwhile = () => age(busy.path("output", idOf("bb")), 0);
  expect(prune(busy, EXPIRY)).toEqual({ removedFiles: 3, removedBytes: 3 * BLOCK, keptBytes: BLOCK });
  expect(namesLeft(dir)).toEqual(["o bb"]);
});

test("concurrent prunes don't count a removed file twice", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 100, bb: 100, cc: 1 });
  const busy = new BusyDir(dir.path);
  let other: ReturnType<typeof prune> | undefined;
  busy.meanwhile = () => {
    other ??= pruneDir(dir, EXPIRY);
  };
  expect([prune(busy, EXPIRY).removedFiles, other?.removedFiles]).toEqual([1, 3]);
  expect(namesLeft(dir)).toEqual(["a cc", "o cc"]);
});

/** Runs two prunes in separate processes. */
async function pruneTwice(dir: TempDir): Promise<number[]> {
  const module = JSON.stringify(`${import.meta.dir}/prune-fixture.ts`);
  const program = `const { pruneDir } = await import(${module}); process.exit(pruneDir({ path: ${JSON.stringify(dir.path)} }, ${JSON.stringify(EXPIRY)}).removedFiles);`;
  const children = [1, 2].map(() => Bun.spawn([process.execPath, "-e", program], { stderr: "inherit" }));
  return await Promise.all(children.map((child) => child.exited));
}

test("two processes that prune at the same time remove each output once, and no others", async () => {
  using dir = tempDir("prune");
  const names = Array.from({ length: 200 }, (_, n) => n.toString(16).padStart(2, "0"));
  writeEntries(dir, Object.fromEntries(names.map((name, n) => [name, n % 2 === 0 ? 100 : 1])));
  const removed = await pruneTwice(dir);
  expect(removed.reduce((sum, count) => sum + count)).toBe(200);
  expect(namesLeft(dir)).toHaveLength(200);
});

test("a directory from tailscale/go-cache-plugin is pruned before the first write", () => {
  using dir = tempDir("prune");
  writeEntries(dir, { aa: 100 });
  expect(pruneDir(dir, EXPIRY).removedFiles).toBe(2);
  expect(filesBelow(dir.path)).toEqual([]);
});

test("foreign files stay, even old ones", () => {
  using dir = tempDir("prune");
  const foreign = [
    "README",
    `action/aa/${idOf("aa")}-123.aftmp`,
    `action/aa/${idOf("bb")}`,
    "action/aa/notes.txt",
    "action/stray",
    "module/aa/file",
    "output/AA/file",
    `output/aa/${idOf("aa")}.bin`,
    `output/aaa/${idOf("aa")}`,
    "output/stray",
    "state/lock",
  ];
  for (const name of foreign) writeAged(dir.join(name), "x", 1_000 * HOUR_MS);
  pruneDir(dir, { expiryMs: 1, maxSizeBytes: 1 });
  expect(filesBelow(dir.path)).toEqual(foreign);
});

test("an invalid record is evicted like any other", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeEntries(dir, { aa: 100 });
  writeAged(local.path("action", idOf("bb")), "no record\n", 100 * HOUR_MS);
  writeAged(local.path("action", idOf("cc")), "no record\n", HOUR_MS);
  pruneDir(dir, EXPIRY);
  expect(namesLeft(dir)).toEqual(["a cc"]);
});

testOnPosix("special files and directories stay anywhere and don't disturb pruning", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeEntries(dir, { aa: 100 });
  mkdirSync(local.path("action", idOf("bb")), { recursive: true });
  mkdirSync(local.path("output", idOf("cc")), { recursive: true });
  mkdirSync(dir.join("tmp", "directory"), { recursive: true });
  age(dir.join("tmp", "directory"), 100 * HOUR_MS);
  for (const kind of ["action", "output"]) {
    mkdirSync(dir.join(kind, "dd"));
    symlinkSync(idOf("dd"), local.path(kind, idOf("dd")));
  }
  writeAged(local.path("action", idOf("ee")), `${idOf("dd")} 5\n`, 100 * HOUR_MS);
  expect(pruneDir(dir, EXPIRY).removedFiles).toBe(3);
  const paths = [local.path("output", idOf("aa")), local.path("action", idOf("ee"))];
  expect(paths.map((path) => existsSync(path))).toEqual([false, false]);
});

testOnLinux("if a file can't be removed, pruning continues with the rest", () => {
  using dir = tempDir("prune");
  const local = new LocalDir(dir.path);
  writeEntries(dir, { aa: 100, bb: 100, cc: 100 });
  writeAged(dir.join("tmp", "1-x-1"), "x", 100 * HOUR_MS);
  using _record = immutable(local.path("action", idOf("aa")));
  using _output = immutable(local.path("output", idOf("bb")));
  using _temp = immutable(dir.join("tmp", "1-x-1"));
  expect(pruneDir(dir, EXPIRY)).toEqual({
    removedFiles: 4,
    removedBytes: 4 * BLOCK,
    keptBytes: 3 * BLOCK,
  });
  expect(namesLeft(dir)).toEqual(["a aa", "o bb", "t 1-x-1"]);
});

test("the path from a lookup or a put can be opened while another process keeps evicting", async () => {
  using dir = tempDir("prune");
  const argv = [process.execPath, `${import.meta.dir}/race-fixture.ts`, dir.path];
  const child = Bun.spawn(argv, { stdin: "pipe", stderr: "inherit" });
  try {
    expect(openHits(dir.path, 1_500)).toBe(0);
  } finally {
    child.stdin.end();
  }
  expect(await child.exited).toBe(0);
});
