import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { prune } from "../../src/buildcache/prune.ts";
import { filesBelow } from "../support/file-tree.ts";
import { FullDisk } from "../support/full-disk.ts";
import { sha256Hex } from "../support/ids.ts";
import { madeProgram } from "../support/made-program.ts";
import { testOnLinux } from "../support/platform.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { ACTION, age, HELLO, HOUR_MS, type LocalFixture, openLocal, TestFallback } from "./local-fixture.ts";
import { NO_LIMITS } from "./prune-fixture.ts";

const PROGRAM = madeProgram(ACTION);
const OUTPUT = sha256Hex(PROGRAM);

let dir: TempDir;
let cache: LocalFixture;

beforeEach(() => {
  dir = tempDir("program-names");
  cache = openLocal(dir.path, { shownRoot: `${dir.path}/.` });
});
afterEach(() => dir[Symbol.dispose]());

function put(name: string | undefined, { local }: LocalFixture = cache): void {
  const output = local.createOutput(OUTPUT, name);
  output.write(PROGRAM);
  output.commit();
  local.putRecord(ACTION, { outputId: OUTPUT, sizeBytes: PROGRAM.length });
}

const folder = () => dir.join("program", OUTPUT.slice(0, 2), OUTPUT);
const outputPath = () => cache.dir.path("output", OUTPUT);
const unnamed = () => ({ path: cache.dir.shownPath("output", OUTPUT) });

describe("a program with a name", () => {
  test("has it again when the file of that name is another one, by a copy or another put", () => {
    put("greet");
    put(undefined);
    expect(cache.local.get(ACTION)?.executable).toBe("greet");
    const bytes = readFileSync(outputPath());
    rmSync(outputPath());
    writeFileSync(outputPath(), bytes, { mode: 0o755 });
    expect(cache.local.get(ACTION)?.executable).toBe("greet");
    expect(statSync(`${folder()}/greet`).ino).toBe(statSync(outputPath()).ino);
  });

  test("is found under it, as the file of the output, which all may execute", () => {
    put("greet");
    const path = `${dir.path}/./program/${OUTPUT.slice(0, 2)}/${OUTPUT}/greet`;
    expect(cache.local.get(ACTION)).toMatchObject({ outputId: OUTPUT, executable: "greet", path });
    expect(cache.local.findOutput(OUTPUT)).toEqual({
      path: outputPath(),
      sizeBytes: PROGRAM.length,
      executable: "greet",
    });
    expect(statSync(path)).toMatchObject({ ino: statSync(outputPath()).ino, nlink: 2 });
    expect((statSync(path).mode & 0o777).toString(8)).toBe("755");
    expect(filesBelow(dir.join("tmp"))).toEqual([]);
  });

  test("keeps it when it is put again, and takes a new one", () => {
    put("greet");
    put("greet");
    expect(cache.local.get(ACTION)?.executable).toBe("greet");
    put("other");
    expect(cache.local.get(ACTION)?.executable).toBe("other");
    expect([filesBelow(folder()), filesBelow(dir.join("tmp"))]).toEqual([["other"], []]);
  });

  test("has it in the directory that stands in for a full one, too", () => {
    const standIn = openLocal(dir.join("blocked"), { fallback: new TestFallback(dir.join("stand-in")) });
    writeFileSync(dir.join("blocked"), "no directory");
    put("greet", standIn);
    expect(standIn.local.get(ACTION)).toMatchObject({
      executable: "greet",
      path: expect.stringContaining("/stand-in/program/"),
    });
  });
});

testOnLinux("a program on a file system that runs none is missed, so that go links it", () => {
  using disk = new FullDisk(1 << 20);
  const fixture = openLocal(disk.path);
  put("greet", fixture);
  expect(fixture.local.get(ACTION)?.executable).toBe("greet");
  disk.refusePrograms();
  expect(fixture.local.get(ACTION)).toBeUndefined();
});

describe("go runs the output under its hash", () => {
  test.each(["", ".", "..", "a/b", "a\0b", "con", "x".repeat(256)])("when the name is %j", (name) => {
    put(name);
    expect(cache.local.get(ACTION)).toMatchObject(unnamed());
    expect(cache.local.get(ACTION)?.executable).toBeUndefined();
    expect(existsSync(folder())).toBe(false);
  });

  test("when the file of that name is a link", () => {
    put("greet");
    rmSync(`${folder()}/greet`);
    symlinkSync(outputPath(), `${folder()}/greet`);
    expect(cache.local.get(ACTION)).toMatchObject(unnamed());
  });

  test("when there are two names, or the folder is a link", () => {
    put("greet");
    writeFileSync(`${folder()}/other`, "");
    expect(cache.local.get(ACTION)).toMatchObject(unnamed());
    rmSync(folder(), { recursive: true });
    mkdirSync(dir.join("elsewhere"));
    symlinkSync(dir.join("elsewhere"), folder());
    expect(cache.local.get(ACTION)).toMatchObject(unnamed());
  });

  test("when it can't be linked", () => {
    writeFileSync(dir.join("program"), "no directory");
    put("greet");
    expect(cache.local.get(ACTION)).toMatchObject(unnamed());
    expect([readFileSync(outputPath()).equals(PROGRAM), cache.writeErrors]).toEqual([true, []]);
  });
});

test("an output with a name is a program, whatever its bytes, and one without is none", () => {
  const write = (name?: string) => {
    const output = cache.local.createOutput(HELLO, name);
    output.write(Buffer.from("hello"));
    output.commit();
    return cache.local.findOutput(HELLO);
  };
  const path = cache.dir.path("output", HELLO);
  expect(write("greet.wasm")).toEqual({ path, sizeBytes: 5, executable: "greet.wasm" });
  expect(write()).toEqual({ path, sizeBytes: 5 });
});

describe("pruning", () => {
  test("removes a program with its name, which takes no space of its own", () => {
    put("greet");
    const { keptBytes } = prune(cache.dir, NO_LIMITS);
    expect(keptBytes).toBe(
      (statSync(outputPath()).blocks + statSync(cache.dir.path("action", ACTION)).blocks) * 512,
    );
    for (const path of [outputPath(), cache.dir.path("action", ACTION)]) age(path, 50 * HOUR_MS);
    expect(prune(cache.dir, { ...NO_LIMITS, expiryMs: 48 * HOUR_MS }).removedFiles).toBe(2);
    expect([existsSync(folder()), existsSync(outputPath())]).toEqual([false, false]);
  });

  test("removes names that other tools have left without an output", () => {
    put("greet");
    rmSync(outputPath());
    prune(cache.dir, NO_LIMITS);
    expect(existsSync(folder())).toBe(false);
  });

  test("leaves the names of the others", () => {
    put("greet");
    prune(cache.dir, NO_LIMITS);
    expect(cache.local.get(ACTION)?.executable).toBe("greet");
  });
});
