import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import type { LocalDir } from "../../src/store/local/local-dir.ts";
import { filesBelow } from "../support/file-tree.ts";
import { testOnPosix } from "../support/platform.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, age, EMPTY, HELLO, HOUR_MS, openLocal, putOutput, writeEntry } from "./local-fixture.ts";

test("an empty cache misses", () => {
  using dir = tempDir("local");
  const { local } = openLocal(dir.join("none"));
  expect([local.get(ACTION), local.findOutput(HELLO), local.reuseOutput(HELLO, 5)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(filesBelow(dir.path)).toEqual([]);
});

test("a put entry is found with its path for go", () => {
  using dir = tempDir("local");
  const { local } = openLocal(dir.path, { shownRoot: "/go/shown" });
  const path = putOutput(local, HELLO, "hello");
  local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 }, 1_700_000_000_000);
  expect(path).toBe(`/go/shown/output/2c/${HELLO}`);
  expect(local.get(ACTION)).toEqual({
    actionId: ACTION,
    outputId: HELLO,
    sizeBytes: 5,
    putTimeMs: 1_700_000_000_000,
    path,
  });
  expect(local.findOutput(HELLO)).toEqual({ path: dir.join("output", "2c", HELLO), sizeBytes: 5 });
});

testOnPosix(
  "writes only the files of tailscale/go-cache-plugin: lower-case paths, mode 0644, one line",
  () => {
    using dir = tempDir("local");
    const { local } = openLocal(dir.path);
    putOutput(local, HELLO, "hello");
    local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 });
    const files = filesBelow(dir.path).map((name) => ({
      name,
      text: readFileSync(dir.join(name), "latin1"),
      mode: (statSync(dir.join(name)).mode & 0o777).toString(8),
    }));
    expect(files).toEqual([
      { name: `action/00/${ACTION}`, text: `${HELLO} 5\n`, mode: "644" },
      { name: `output/2c/${HELLO}`, text: "hello", mode: "644" },
    ]);
  },
);

test("the put time is the record's, not the output's", () => {
  using dir = tempDir("local");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello", ageMs: 100 * HOUR_MS });
  const recordMs = statSync(localDir.path("action", ACTION)).mtimeMs;
  age(localDir.path("output", HELLO), 0);
  expect(local.get(ACTION)?.putTimeMs).toBe(recordMs);
});

test("an output that was not committed is not found", () => {
  using dir = tempDir("local");
  const { local } = openLocal(dir.path);
  const output = local.createOutput(HELLO);
  output.write(Buffer.from("hello"));
  expect(local.findOutput(HELLO)).toBeUndefined();
  output.discard();
  expect(filesBelow(dir.path)).toEqual([]);
});

test.each([
  ["missing", (path: string) => unlinkSync(path)],
  ["short", (path: string) => writeFileSync(path, "hell")],
  ["long", (path: string) => writeFileSync(path, "hello!")],
  ["empty", (path: string) => writeFileSync(path, "")],
])("an output that is %s is a miss, and its next put repairs it", (_, damage) => {
  using dir = tempDir("local");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  expect(local.get(ACTION)).toBeDefined();
  damage(localDir.path("output", HELLO));
  expect([local.get(ACTION), local.reuseOutput(HELLO, 5)]).toEqual([undefined, undefined]);
  putOutput(local, HELLO, "hello");
  expect(local.get(ACTION)).toMatchObject({ outputId: HELLO, sizeBytes: 5 });
});

test("a put replaces an output of the same size, so wrong bytes are repaired", () => {
  using dir = tempDir("local");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "wrong" });
  const before = statSync(localDir.path("output", HELLO)).ino;
  const path = putOutput(local, HELLO, "hello");
  expect(readFileSync(path, "utf8")).toBe("hello");
  expect(statSync(path).ino).not.toBe(before);
});

test("a reader with the old file open can continue to read it", () => {
  using dir = tempDir("local");
  const { local } = openLocal(dir.path);
  const path = putOutput(local, HELLO, "hello");
  const reader = Bun.file(path).stream().getReader();
  putOutput(local, HELLO, "other");
  return reader.read().then(({ value }) => expect(Buffer.from(value ?? []).length).toBe(5));
});

test("an existing empty output is reused", () => {
  using dir = tempDir("local");
  const { dir: localDir, local } = openLocal(dir.path, { shownRoot: "/go" });
  writeEntry(localDir, { actionId: ACTION, outputId: EMPTY, body: "" });
  expect(local.reuseOutput(EMPTY, 0)).toBe(`/go/output/e3/${EMPTY}`);
});

describe("a record from the remote", () => {
  const putMs = Date.UTC(2026, 0, 2);
  const record = { outputId: HELLO, sizeBytes: 5 };

  /** Whether it replaces a record of another output with a put time `laterMs` after its own. */
  function isWrittenOver(laterMs: number, damage = (_localDir: LocalDir) => {}): boolean {
    using dir = tempDir("local");
    const { dir: localDir, local } = openLocal(dir.path);
    putOutput(local, HELLO, "hello");
    writeEntry(localDir, { actionId: ACTION, outputId: EMPTY, body: "" });
    const path = localDir.path("action", ACTION);
    utimesSync(path, Date.now() / 1000, (putMs + laterMs) / 1000);
    damage(localDir);
    const before = statSync(path);
    local.putRecord(ACTION, record, putMs);
    const { ino, mtimeMs } = statSync(path);
    const isWritten = ino !== before.ino;
    expect([mtimeMs, readFileSync(path, "utf8").startsWith(HELLO)]).toEqual([
      isWritten ? putMs : before.mtimeMs,
      isWritten,
    ]);
    return isWritten;
  }

  test("replaces an older record, but neither one of the same time nor a newer one", () => {
    expect([-60_000, 0, 60_000].map((laterMs) => isWrittenOver(laterMs))).toEqual([true, false, false]);
  });

  test("replaces a record without a usable output, even a newer one", () => {
    const dropOutput = (localDir: LocalDir) => unlinkSync(localDir.path("output", EMPTY));
    const cut = (localDir: LocalDir) => truncateSync(localDir.path("action", ACTION), 10);
    expect([dropOutput, cut].map((damage) => isWrittenOver(3_600_000, damage))).toEqual([true, true]);
  });
});
