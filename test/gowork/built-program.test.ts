import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import type { BuildId } from "../../src/gowork/build-id.ts";
import { BuiltProgram } from "../../src/gowork/built-program.ts";
import { sha256Hex } from "../support/ids.ts";
import { madeProgram, unfinishedProgram } from "../support/made-program.ts";
import { run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const ACTION = sha256Hex("action");
/** Of several chunks. */
const BODY = new Uint8Array(2_500_000).map((_, index) => index * 7);

let dir: TempDir;
let path: string;

beforeEach(() => {
  dir = tempDir("gowork");
  path = dir.join("program");
});
afterEach(() => dir[Symbol.dispose]());

function write(bytes: Uint8Array): void {
  writeFileSync(path, bytes, { mode: 0o755 });
}

function copy(deadline = Number.POSITIVE_INFINITY): { isWhole: boolean; bytes: Buffer } {
  using program = BuiltProgram.open(path);
  if (program === undefined) throw new Error("it can't be opened");
  const chunks: Uint8Array[] = [];
  const isWhole = program.copy(program.buildIds[0] as BuildId, (chunk) => chunks.push(chunk), deadline);
  return { isWhole, bytes: Buffer.concat(chunks) };
}

describe("is not opened", () => {
  test.each([0o775, 0o757, 0o722])("a file that others may write, %o", (mode) => {
    write(madeProgram(ACTION));
    chmodSync(path, mode);
    expect(BuiltProgram.open(path)).toBeUndefined();
  });

  test("a link, a directory, a pipe, or nothing", async () => {
    expect(BuiltProgram.open(path)).toBeUndefined();
    write(madeProgram(ACTION));
    symlinkSync(path, dir.join("link"));
    mkdirSync(dir.join("directory"));
    await run(["mkfifo", dir.join("pipe")]);
    for (const name of ["link", "directory", "pipe"])
      expect(BuiltProgram.open(dir.join(name))).toBeUndefined();
  });

  test("a file of more than 512 MiB", () => {
    write(madeProgram(ACTION));
    truncateSync(path, (512 << 20) + 1);
    expect(BuiltProgram.open(path)).toBeUndefined();
  });
});

describe("is not whole", () => {
  test("a program that is linked, but has no build id yet", () => {
    write(unfinishedProgram(ACTION, BODY));
    expect(copy().isWhole).toBe(false);
  });

  test.each([-1, -2_000_000, 70])("one with another byte, at %d", (at) => {
    const bytes = madeProgram(ACTION, BODY);
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    write(bytes);
    expect(copy().isWhole).toBe(false);
  });

  test("one with a byte less or more", () => {
    const bytes = madeProgram(ACTION, BODY);
    write(bytes.subarray(0, -1));
    expect(copy().isWhole).toBe(false);
    write(Buffer.concat([bytes, Buffer.alloc(1)]));
    expect(copy().isWhole).toBe(false);
  });

  test("one for which there is no time", () => {
    write(madeProgram(ACTION, BODY));
    expect(copy(0).isWhole).toBe(false);
  });
});

test("a file that becomes shorter meanwhile is an error", () => {
  write(madeProgram(ACTION, BODY));
  using program = BuiltProgram.open(path);
  const [id] = program?.buildIds ?? [];
  truncateSync(path, 1_000);
  expect(() => program?.copy(id as BuildId, () => {}, Number.POSITIVE_INFINITY)).toThrow("shorter");
});

test("a file without a build id has none", () => {
  write(Buffer.from("a script"));
  using program = BuiltProgram.open(path);
  expect(program?.buildIds).toEqual([]);
});

test("a program that go has linked is copied whole, also when it is removed meanwhile", () => {
  const bytes = madeProgram(ACTION, BODY);
  write(bytes);
  expect(copy()).toEqual({ isWhole: true, bytes });
  using program = BuiltProgram.open(path);
  rmSync(path);
  const [id] = program?.buildIds ?? [];
  expect(id?.actionStart).toBe(ACTION.slice(0, 30));
  expect(program?.copy(id as BuildId, () => {}, Number.POSITIVE_INFINITY)).toBe(true);
});
