import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type KeepOptions, keepPrograms } from "../../src/app/keep-programs.ts";
import type { LocalEntry } from "../../src/buildcache/entry.ts";
import { LookupLog } from "../../src/buildcache/lookup-log.ts";
import { Counters } from "../../src/lib/counters.ts";
import { type LocalFixture, openLocal, TestFallback } from "../buildcache/local-fixture.ts";
import { filesBelow } from "../support/file-tree.ts";
import { sha256Hex } from "../support/ids.ts";
import { madeProgram, unfinishedProgram } from "../support/made-program.ts";
import { silentLog } from "../support/silent-log.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const ACTION = sha256Hex("link");
const OTHER = sha256Hex("another link");
const PROGRAM = madeProgram(ACTION);

let dir: TempDir;
let cache: LocalFixture;
let shared: LocalEntry[];

beforeEach(() => {
  dir = tempDir("keep-programs");
  cache = openLocal(dir.join("cache"));
  shared = [];
});
afterEach(() => dir[Symbol.dispose]());

function build(folder: string, bytes: Uint8Array, name = "greet"): void {
  mkdirSync(dir.join("tmp", folder, "b001", "exe"), { recursive: true });
  chmodSync(dir.join("tmp", folder), 0o700);
  writeFileSync(dir.join("tmp", folder, "b001", "exe", name), bytes, { mode: 0o755 });
}

/** Returns how many programs were kept. */
function keep(missed: string[], options: Partial<KeepOptions> = {}): number {
  const counters = new Counters();
  const lookups = new LookupLog(counters);
  for (const actionId of missed) lookups.missed(actionId, "unknown");
  keepPrograms({
    env: { TMPDIR: dir.join("tmp"), CI: "true" },
    lookups,
    local: cache.local,
    share: (entry) => shared.push(entry),
    counters,
    log: silentLog,
    ...options,
  });
  return counters.get("put_programs");
}

function expectNothing(): void {
  expect([shared, cache.local.get(ACTION)]).toEqual([[], undefined]);
  expect(filesBelow(dir.join("cache"))).toEqual([]);
}

describe("nothing is kept", () => {
  test("of an action that was not missed", () => {
    build("go-build1", PROGRAM);
    expect(keep([OTHER])).toBe(0);
    expectNothing();
  });

  test("of a program that is not linked to its end", () => {
    build("go-build1", unfinishedProgram(ACTION));
    expect(keep([ACTION])).toBe(0);
    expectNothing();
  });

  test("of a file that contradicts itself, a script, and an empty file", () => {
    const broken = Buffer.from(PROGRAM);
    broken.fill(0xff, 4, 64);
    for (const [n, bytes] of [broken, Buffer.from("#!/bin/sh\n"), Buffer.alloc(0)].entries())
      build(`go-build${n}`, bytes);
    expect(keep([ACTION])).toBe(0);
    expectNothing();
  });

  test("where there is no work folder", () => {
    expect(keep([ACTION])).toBe(0);
    expectNothing();
  });

  test("where the cache directory can't be written", () => {
    build("go-build1", PROGRAM);
    const blocked = openLocal(dir.join("blocked"), { fallback: new TestFallback() });
    writeFileSync(dir.join("blocked"), "no directory");
    expect(keep([ACTION], { local: blocked.local })).toBe(0);
    expect(shared).toEqual([]);
  });

  test("where it would have no name", () => {
    mkdirSync(dir.join("cache"));
    writeFileSync(dir.join("cache", "program"), "no directory");
    build("go-build1", PROGRAM);
    expect(keep([ACTION])).toBe(0);
    expect([shared, cache.local.get(ACTION)]).toEqual([[], undefined]);
  });
});

test("a program that was missed is kept under its name, with its bytes, and shared where the machine may end", () => {
  build("go-build1", PROGRAM);
  expect(keep([OTHER, ACTION])).toBe(1);
  const entry = cache.local.get(ACTION);
  expect(entry).toMatchObject({
    outputId: sha256Hex(PROGRAM),
    sizeBytes: PROGRAM.length,
    executable: "greet",
  });
  expect(readFileSync(entry?.path ?? "").equals(PROGRAM)).toBe(true);
  expect(basename(entry?.path ?? "")).toBe("greet");
  expect(shared).toEqual([entry as LocalEntry]);
  expect(filesBelow(join(dir.path, "cache", "tmp"))).toEqual([]);
});

test("the programs of several go commands are kept, whatever else is there", () => {
  build("go-build1", unfinishedProgram(ACTION));
  build("go-build2", madeProgram(OTHER), "other");
  build("go-build3", PROGRAM);
  expect(keep([ACTION, OTHER])).toBe(2);
  expect([ACTION, OTHER].map((id) => cache.local.get(id)?.executable)).toEqual(["greet", "other"]);
});
