import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { listPrograms } from "../../src/gowork/work-folders.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("gowork");
});
afterEach(() => dir[Symbol.dispose]());

function makeFolder(name: string, programs = ["program"], agedSeconds = 0): string {
  const folder = dir.join(name);
  mkdirSync(join(folder, "b001", "exe"), { recursive: true });
  for (const program of programs) writeFileSync(join(folder, "b001", "exe", program), "");
  chmodSync(folder, 0o700);
  const seconds = Date.now() / 1_000 - agedSeconds;
  utimesSync(folder, seconds, seconds);
  return folder;
}

function names(env: Record<string, string> = {}): string[] {
  return listPrograms({ TMPDIR: dir.path, ...env }).map(({ path }) => path.slice(dir.path.length + 1));
}

test("the programs of work folders are listed, the newest folder first, with their names", () => {
  makeFolder("go-build1", ["old"], 60);
  makeFolder("go-build22", ["new.exe"]);
  expect(listPrograms({ TMPDIR: dir.path })).toEqual([
    { path: dir.join("go-build22", "b001", "exe", "new.exe"), name: "new.exe" },
    { path: dir.join("go-build1", "b001", "exe", "old"), name: "old" },
  ]);
});

test("there are none where there is no such folder", () => {
  expect(names({ TMPDIR: dir.join("none") })).toEqual([]);
  writeFileSync(dir.join("file"), "");
  expect(names({ TMPDIR: dir.join("file") })).toEqual([]);
});

test("a relative path starts where go was started", () => {
  makeFolder("go-build1");
  expect(listPrograms({ TMPDIR: relative(process.cwd(), dir.path) })).toHaveLength(1);
});

test("GOTMPDIR counts before TMPDIR, unless it is empty", () => {
  makeFolder("go-build1");
  expect(names({ GOTMPDIR: dir.join("none") })).toEqual([]);
  expect(names({ GOTMPDIR: "" })).toEqual(["go-build1/b001/exe/program"]);
  expect(names({ GOTMPDIR: dir.path, TMPDIR: dir.join("none") })).toEqual(["go-build1/b001/exe/program"]);
});

test.each([0o755, 0o770, 0o707, 0o701])("a folder that others may open, %o, is left out", (mode) => {
  chmodSync(makeFolder("go-build1"), mode);
  expect(names()).toEqual([]);
});

test("links and folders of other names are left out", () => {
  makeFolder("other");
  makeFolder("go-build");
  makeFolder("go-buildx1");
  symlinkSync("other", dir.join("go-build1"));
  const half = makeFolder("go-build2", []);
  symlinkSync(dir.join("other", "b001"), join(half, "b002"));
  makeFolder("go-build3", ["a.out", "a.out.exe"]);
  mkdirSync(dir.join("go-build4", "b001"), { recursive: true, mode: 0o700 });
  chmodSync(dir.join("go-build4"), 0o700);
  symlinkSync(dir.join("other", "b001", "exe"), dir.join("go-build4", "b001", "exe"));
  writeFileSync(dir.join("go-build5"), "a file");
  expect(names()).toEqual([]);
});

test("of many folders the newest count", () => {
  for (let n = 0; n < 50; n++) makeFolder(`go-build${n}`, ["program"], n);
  expect(names()).toHaveLength(32);
  expect(names()[0]).toBe("go-build0/b001/exe/program");
});
