import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { GoCache } from "../../src/gocache/go-cache.ts";
import { filesBelow } from "../support/file-tree.ts";
import { FullDisk } from "../support/full-disk.ts";
import { sha256Hex } from "../support/ids.ts";
import { testOnLinux } from "../support/platform.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const NOW_MS = 1_790_000_000_000;
const PUT_MS = NOW_MS - 86_400_000;
const TWO_HOURS_AGO_MS = NOW_MS - 2 * 3_600_000;
const ACTION = sha256Hex("action");
const HELLO = sha256Hex("hello");
/** The first bytes of ELF. */
const PROGRAM = Buffer.from("\x7fELF and more", "latin1");
const PROGRAM_ID = sha256Hex(PROGRAM);

let dir: TempDir;
let root: string;
let cache: GoCache;

beforeEach(() => {
  dir = tempDir("gocache");
  root = dir.join("go-build");
  cache = new GoCache(root, NOW_MS);
});
afterEach(() => dir[Symbol.dispose]());

function fileOf(id: string, kind: "a" | "d"): string {
  return join(root, id.slice(0, 2), `${id}-${kind}`);
}

function write(outputId: string, bytes: Uint8Array | string, executable?: string, into = cache): void {
  const output = into.createOutput(outputId, executable);
  try {
    output.write(Buffer.from(bytes));
    output.commit();
  } catch (error) {
    output.discard();
    throw error;
  }
}

function record(actionId = ACTION, outputId = HELLO, sizeBytes = 5, into = cache): boolean {
  return into.putRecord(actionId, { outputId, sizeBytes }, PUT_MS);
}

/** A file as go writes it. */
function place(path: string, bytes: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

const goLine = (size: number) =>
  `v1 ${ACTION} ${HELLO} ${String(size).padStart(20)} ${`${PUT_MS}123456`.padStart(20)}\n`;

const mtimesOf = (...paths: string[]) => paths.map((path) => statSync(path).mtimeMs);
const modeOf = (path: string) => statSync(path).mode & 0o777;

test("nothing is made before the first write", () => {
  expect([cache.get(ACTION), cache.findOutput(HELLO), existsSync(root)]).toEqual([
    undefined,
    undefined,
    false,
  ]);
});

test("an entry is two files, as go writes them, that go used two hours ago", () => {
  write(HELLO, "hello");
  expect([cache.get(ACTION), record()]).toEqual([undefined, true]);
  const names = [fileOf(ACTION, "a"), fileOf(HELLO, "d")].map((path) => path.slice(root.length + 1));
  expect(new Set(filesBelow(root))).toEqual(new Set(names));
  expect(readFileSync(fileOf(HELLO, "d"), "latin1")).toBe("hello");
  expect(readFileSync(fileOf(ACTION, "a"), "latin1")).toBe(goLine(5).replace("123456", "000000"));
  expect(mtimesOf(fileOf(HELLO, "d"), fileOf(ACTION, "a"))).toEqual([TWO_HOURS_AGO_MS, TWO_HOURS_AGO_MS]);
  expect(cache.get(ACTION)).toEqual({
    actionId: ACTION,
    outputId: HELLO,
    sizeBytes: 5,
    putTimeMs: PUT_MS,
    path: fileOf(HELLO, "d"),
  });
});

test("what a later restore of a run writes does not look used by that run", () => {
  cache = new GoCache(root, NOW_MS - 5 * 3_600_000);
  write(HELLO, "hello");
  record();
  const sevenHoursAgoMs = NOW_MS - 7 * 3_600_000;
  expect(mtimesOf(fileOf(HELLO, "d"), fileOf(ACTION, "a"))).toEqual([sevenHoursAgoMs, sevenHoursAgoMs]);
  expect(cache.get(ACTION)?.putTimeMs).toBe(PUT_MS);
});

test("an empty output is an empty file", () => {
  const empty = sha256Hex("");
  cache.createOutput(empty).commit();
  expect([record(ACTION, empty, 0), cache.get(ACTION)?.sizeBytes]).toEqual([true, 0]);
});

describe("a program with a name", () => {
  test("is a folder with one file, which anybody may run, also if it has no format of a program", () => {
    write(HELLO, "hello", "greet");
    expect(record()).toBe(true);
    const folder = fileOf(HELLO, "d");
    const path = join(folder, "greet");
    expect([readdirSync(folder), readFileSync(path, "latin1")]).toEqual([["greet"], "hello"]);
    if (process.platform !== "win32") expect(modeOf(path) & 0o111).not.toBe(0);
    expect(mtimesOf(folder, path)).toEqual([TWO_HOURS_AGO_MS, TWO_HOURS_AGO_MS]);
    expect(cache.get(ACTION)).toMatchObject({ executable: "greet", sizeBytes: 5, path });
  });

  test.each(["../greet", "a/b", "..", "", "nul"])("that is %j is refused, and nothing is left", (name) => {
    expect(() => write(HELLO, "hello", name)).toThrow("leads out of");
    expect(filesBelow(dir.path)).toEqual([]);
  });

  test("is absent while its folder has no file, two files, or something else in it", () => {
    place(fileOf(ACTION, "a"), goLine(5));
    const folder = fileOf(HELLO, "d");
    mkdirSync(folder, { recursive: true });
    expect(cache.get(ACTION)).toBeUndefined();
    mkdirSync(join(folder, "greet"));
    expect(cache.get(ACTION)).toBeUndefined();
    rmSync(join(folder, "greet"), { recursive: true });
    place(join(folder, "greet"), "hello");
    expect(cache.get(ACTION)?.executable).toBe("greet");
    place(join(folder, "more"), "hello");
    expect(cache.get(ACTION)).toBeUndefined();
  });
});

test.if(process.platform !== "win32")(
  "a program without a name is a file that may be run; data is not",
  () => {
    write(PROGRAM_ID, PROGRAM);
    write(HELLO, "hello");
    const bits = [PROGRAM_ID, HELLO].map((id) => modeOf(fileOf(id, "d")) & 0o111);
    expect(bits).toEqual([(modeOf(fileOf(HELLO, "d")) & 0o444) >> 2, 0]);
  },
);

describe("what go has is left alone:", () => {
  test("a record with its output", () => {
    place(fileOf(ACTION, "a"), goLine(5));
    place(fileOf(HELLO, "d"), "hello");
    const other = sha256Hex("other");
    write(other, "other");
    utimesSync(fileOf(ACTION, "a"), 1_700_000_000, 1_700_000_000);
    expect(record(ACTION, other)).toBe(false);
    expect(readFileSync(fileOf(ACTION, "a"), "latin1")).toBe(goLine(5));
    expect(mtimesOf(fileOf(ACTION, "a"))).toEqual([1_700_000_000_000]);
  });

  test("an output that go has put meanwhile", () => {
    const output = cache.createOutput(HELLO);
    output.write(Buffer.from("hello"));
    place(fileOf(HELLO, "d"), "hello");
    utimesSync(fileOf(HELLO, "d"), 1_700_000_000, 1_700_000_000);
    output.commit();
    expect(mtimesOf(fileOf(HELLO, "d"))).toEqual([1_700_000_000_000]);
    expect(filesBelow(root)).toHaveLength(1);
  });

  test("a program that another restores as a file, and a file that another restores as a program", () => {
    write(HELLO, "hello", "greet");
    write(HELLO, "hello");
    expect(cache.findOutput(HELLO)?.executable).toBe("greet");
    write(HELLO, "hello", "hail");
    expect(cache.findOutput(HELLO)?.executable).toBe("greet");
    write(PROGRAM_ID, PROGRAM);
    write(PROGRAM_ID, PROGRAM, "run");
    expect(cache.findOutput(PROGRAM_ID)).toEqual({
      path: fileOf(PROGRAM_ID, "d"),
      sizeBytes: PROGRAM.length,
    });
    expect(filesBelow(root)).toHaveLength(2);
  });
});

describe("what go would not read is replaced:", () => {
  test.each([
    ["a short output", goLine(5), "hell"],
    ["a record of another size", goLine(6), "hello"],
    ["half a record", goLine(5).slice(0, 99), "hello"],
    ["an empty record", "", "hello"],
  ])("%s", (_, line, bytes) => {
    place(fileOf(ACTION, "a"), line);
    place(fileOf(HELLO, "d"), bytes);
    expect(cache.get(ACTION)).toBeUndefined();
    write(HELLO, "hello");
    record();
    expect(cache.get(ACTION)?.sizeBytes).toBe(5);
    expect(readFileSync(fileOf(HELLO, "d"), "latin1")).toBe("hello");
  });
});

test("no record is written without its whole output", () => {
  expect(record()).toBe(false);
  place(fileOf(HELLO, "d"), "hell");
  expect([record(), existsSync(fileOf(ACTION, "a"))]).toEqual([false, false]);
});

test("an output that was there counts if its bytes are right; the first that are not are named", () => {
  place(fileOf(HELLO, "d"), "jello");
  place(join(fileOf(PROGRAM_ID, "d"), "greet"), "\x7fELF and less");
  expect([record(), record(ACTION, PROGRAM_ID, PROGRAM.length)]).toEqual([false, false]);
  expect(String(cache.firstProblem)).toEndWith(`${fileOf(HELLO, "d")} has other bytes than its name says`);
  expect(readFileSync(fileOf(HELLO, "d"), "latin1")).toBe("jello");
  place(fileOf(HELLO, "d"), "hello");
  expect(record()).toBe(true);
});

test("an output that is not finished is invisible, has a name that go trims, and goes when it is discarded", () => {
  const [plain, program] = [cache.createOutput(HELLO), cache.createOutput(PROGRAM_ID, "greet")];
  for (const output of [plain, program]) output.write(Buffer.from("hel"));
  expect([HELLO, PROGRAM_ID].map((id) => cache.findOutput(id))).toEqual([undefined, undefined]);
  for (const id of [HELLO, PROGRAM_ID])
    expect(readdirSync(join(root, id.slice(0, 2)))).toEqual([expect.stringMatching(/^unfinished-.*-d$/)]);
  for (const output of [plain, program]) output.discard();
  expect([HELLO, PROGRAM_ID].flatMap((id) => readdirSync(join(root, id.slice(0, 2))))).toEqual([]);
});

test.each(["../../etc/passwd", "", "ab", HELLO.toUpperCase(), `${HELLO}0`, `../${HELLO.slice(3)}`])(
  "an id such as %j has no place in it",
  (id) => {
    expect([cache.get(id), cache.findOutput(id)]).toEqual([undefined, undefined]);
    expect(() => cache.createOutput(id)).toThrow("not an id");
    write(HELLO, "hello");
    expect(() => record(id)).toThrow("not an id");
    expect(filesBelow(dir.path)).toHaveLength(1);
  },
);

describe.if(process.platform !== "win32")("a symbolic link", () => {
  beforeEach(() => {
    mkdirSync(dir.join("elsewhere"));
    mkdirSync(root);
  });

  test("in place of a folder is not followed", () => {
    for (const id of [ACTION, HELLO]) symlinkSync(dir.join("elsewhere"), join(root, id.slice(0, 2)));
    place(dir.join("elsewhere", `${ACTION}-a`), goLine(5));
    place(dir.join("elsewhere", `${HELLO}-d`), "hello");
    expect([cache.get(ACTION), cache.findOutput(HELLO)]).toEqual([undefined, undefined]);
    expect(() => write(HELLO, "hello")).toThrow();
    expect(filesBelow(dir.join("elsewhere"))).toHaveLength(2);
  });

  test("that leads nowhere in place of a folder is not followed", () => {
    symlinkSync(dir.join("nowhere"), join(root, HELLO.slice(0, 2)));
    expect(() => write(HELLO, "hello")).toThrow();
    expect(existsSync(dir.join("nowhere"))).toBe(false);
  });

  test("in place of a file is replaced, and what it leads to stays", () => {
    place(dir.join("elsewhere", "output"), "world");
    place(dir.join("elsewhere", "record"), goLine(5));
    for (const id of [ACTION, HELLO]) mkdirSync(join(root, id.slice(0, 2)), { recursive: true });
    symlinkSync(dir.join("elsewhere", "output"), fileOf(HELLO, "d"));
    symlinkSync(dir.join("elsewhere", "record"), fileOf(ACTION, "a"));
    expect([cache.get(ACTION), cache.findOutput(HELLO)]).toEqual([undefined, undefined]);
    write(HELLO, "hello");
    record();
    expect(cache.get(ACTION)?.sizeBytes).toBe(5);
    expect(readFileSync(dir.join("elsewhere", "output"), "latin1")).toBe("world");
  });

  test("in place of a program is no program", () => {
    mkdirSync(fileOf(HELLO, "d"), { recursive: true });
    place(dir.join("elsewhere", "greet"), "hello");
    symlinkSync(dir.join("elsewhere", "greet"), join(fileOf(HELLO, "d"), "greet"));
    expect(cache.findOutput(HELLO)).toBeUndefined();
  });

  test("to the whole cache is the user's choice", () => {
    symlinkSync(dir.join("elsewhere"), dir.join("link"));
    const linked = new GoCache(dir.join("link"), NOW_MS);
    write(HELLO, "hello", undefined, linked);
    expect(linked.findOutput(HELLO)?.sizeBytes).toBe(5);
  });
});

test("a file in place of the cache or a folder refuses what belongs there", () => {
  expect(cache.firstProblem).toBeUndefined();
  place(join(root, HELLO.slice(0, 2)), "");
  expect(() => write(HELLO, "hello")).toThrow();
  expect(() =>
    write(HELLO, "hello", undefined, new GoCache(join(root, HELLO.slice(0, 2)), NOW_MS)),
  ).toThrow();
});

testOnLinux("a read-only disk refuses all writes and is read", () => {
  using disk = new FullDisk(1 << 20);
  const cacheThere = new GoCache(disk.path, NOW_MS);
  write(HELLO, "hello", undefined, cacheThere);
  record(ACTION, HELLO, 5, cacheThere);
  disk.makeReadOnly();
  expect(cacheThere.get(ACTION)?.sizeBytes).toBe(5);
  expect(() => write(PROGRAM_ID, PROGRAM, undefined, cacheThere)).toThrow("EROFS");
  expect(() => record(sha256Hex("other"), HELLO, 5, cacheThere)).toThrow("EROFS");
  expect(String(cacheThere.firstProblem)).toContain("EROFS");
});

testOnLinux("a full disk gets no part of an output", () => {
  using disk = new FullDisk(64 << 10);
  const cacheThere = new GoCache(disk.path, NOW_MS);
  const bytes = Buffer.alloc(1 << 20);
  expect(() => write(sha256Hex(bytes), bytes, undefined, cacheThere)).toThrow("ENOSPC");
  expect(() => write(sha256Hex(bytes), bytes, "program", cacheThere)).toThrow("ENOSPC");
  expect(filesBelow(disk.path)).toEqual([]);
});

test("a cache that is wiped in between is filled again", () => {
  write(HELLO, "hello");
  rmSync(root, { recursive: true });
  write(HELLO, "hello");
  expect(record()).toBe(true);
});
