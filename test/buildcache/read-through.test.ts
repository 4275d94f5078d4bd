import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ReadThrough } from "../../src/buildcache/read-through.ts";
import { GoCache } from "../../src/gocache/go-cache.ts";
import { FullDisk } from "../support/full-disk.ts";
import { sha256Hex } from "../support/ids.ts";
import { testOnLinux } from "../support/platform.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { ACTION, EMPTY, HELLO, type LocalFixture, openLocal } from "./local-fixture.ts";

const PUT_MS = 1_790_000_000_000;

let dir: TempDir;
let gocache: string;
let from: GoCache;
let to: LocalFixture;
let through: ReadThrough;

beforeEach(() => {
  dir = tempDir("read-through");
  gocache = dir.join("go-build");
  from = new GoCache(gocache);
  to = openLocal(dir.join("helper"));
  through = new ReadThrough(() => from, to.local);
});
afterEach(() => dir[Symbol.dispose]());

/** Puts an entry into go's own cache, and returns the path of its output. */
function put(bytes: string | Uint8Array, { outputId = sha256Hex(bytes), executable = "" } = {}): string {
  const body = Buffer.from(bytes);
  const output = from.createOutput(outputId, executable === "" ? undefined : executable);
  output.write(body);
  output.commit();
  from.putRecord(ACTION, { outputId, sizeBytes: body.length }, PUT_MS);
  return from.get(ACTION)?.path ?? "";
}

describe("what is not taken:", () => {
  test("an action that go's cache lacks, has half, or has no folder for", () => {
    expect(through.take(ACTION)).toBeUndefined();
    rmSync(put("hello"));
    expect(through.take(ACTION)).toBeUndefined();
    rmSync(gocache, { recursive: true });
    expect(through.take(ACTION)).toBeUndefined();
  });

  test("an output with other bytes than its id says", () => {
    writeFileSync(put("hello"), "hellO");
    expect(through.take(ACTION)).toBeUndefined();
    expect(to.local.findOutput(HELLO)).toBeUndefined();
  });

  test("an output of another size", () => {
    writeFileSync(put("hello"), "hello!");
    expect(through.take(ACTION)).toBeUndefined();
  });

  test("an output that is a link", () => {
    const path = put("hello");
    writeFileSync(dir.join("elsewhere"), "hello");
    rmSync(path);
    symlinkSync(dir.join("elsewhere"), path);
    expect(through.take(ACTION)).toBeUndefined();
  });

  test("an entry below a folder that is a link", () => {
    put("hello");
    const folder = join(gocache, "00");
    const elsewhere = dir.join("other-folder");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, `${ACTION}-a`), readFileSync(join(folder, `${ACTION}-a`)));
    rmSync(folder, { recursive: true });
    symlinkSync(elsewhere, folder);
    expect(through.take(ACTION)).toBeUndefined();
  });

  testOnLinux("an entry for which the disk has no room", () => {
    using disk = new FullDisk(64 << 10);
    put(Buffer.alloc(128 << 10, "x"));
    const full = openLocal(disk.path);
    expect(new ReadThrough(() => from, full.local).take(ACTION)).toBeUndefined();
  });
});

describe("what is taken", () => {
  test("is the helper's own from then on, with the time of the put", () => {
    const theirs = put("hello");
    const taken = through.take(ACTION);
    expect(taken).toMatchObject({ actionId: ACTION, outputId: HELLO, sizeBytes: 5, putTimeMs: PUT_MS });
    writeFileSync(theirs, "other");
    expect(readFileSync(taken?.path ?? "", "utf8")).toBe("hello");
    expect(to.local.get(ACTION)).toEqual(taken);
  });

  test("may be empty", () => {
    put("");
    expect(through.take(ACTION)).toMatchObject({ outputId: EMPTY, sizeBytes: 0 });
  });

  test("may be larger than what is read at once", () => {
    const bytes = Buffer.alloc((2 << 20) + 17, "a line\n");
    put(bytes);
    expect(readFileSync(through.take(ACTION)?.path ?? "")).toEqual(bytes);
  });

  test.if(process.platform !== "win32")("is executable if go runs it, and keeps its name", () => {
    put("\x7fELF and more", { executable: "server" });
    const taken = through.take(ACTION);
    expect(taken?.executable).toBe("server");
    expect(statSync(taken?.path ?? "").mode & 0o111).toBe(0o111);
  });

  test("takes no second place if another action has the same output", () => {
    const output = to.local.createOutput(HELLO);
    output.write(Buffer.from("hello"));
    const path = output.commit();
    const { ino } = statSync(path);
    put("hello");
    expect(through.take(ACTION)?.path).toBe(path);
    expect(statSync(path).ino).toBe(ino);
  });
});
