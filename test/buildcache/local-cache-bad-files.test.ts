/** Any other file in place of a record or an output is a miss, never an error. */
import { expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { testOnPosix } from "../support/platform.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, HELLO, openLocal, putOutput, writeEntry } from "./local-fixture.ts";

const NOTHING: [string, (path: string) => void][] = [
  ["a directory", (path) => mkdirSync(path)],
  ["a loop of links", (path) => symlinkSync(path, path)],
  ["a link to nowhere", (path) => symlinkSync("/no/such/file", path)],
  ["a link to a directory", (path) => symlinkSync("/", path)],
];

testOnPosix.each(NOTHING)("%s instead of a record is a miss", (_, make) => {
  using dir = tempDir("bad");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  rmSync(localDir.path("action", ACTION));
  make(localDir.path("action", ACTION));
  expect(local.get(ACTION)).toBeUndefined();
});

testOnPosix.each(NOTHING)("%s instead of an output is a miss", (_, make) => {
  using dir = tempDir("bad");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  rmSync(localDir.path("output", HELLO));
  make(localDir.path("output", HELLO));
  expect([local.get(ACTION), local.findOutput(HELLO), local.reuseOutput(HELLO, 5)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

testOnPosix.each(NOTHING.slice(1))("%s instead of an output is replaced by the next put", (_, make) => {
  using dir = tempDir("bad");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  rmSync(localDir.path("output", HELLO));
  make(localDir.path("output", HELLO));
  putOutput(local, HELLO, "hello");
  expect(local.get(ACTION)).toMatchObject({ outputId: HELLO, sizeBytes: 5 });
});

test.each([
  ["empty", ""],
  ["cut off", HELLO.slice(0, 40)],
  ["one field", `${HELLO}\n`],
  ["three fields", `${HELLO} 5 6\n`],
  ["upper case", `${HELLO.toUpperCase()} 5\n`],
  ["a negative size", `${HELLO} -5\n`],
  ["a path", "../../../../../../etc/hostname 5\n"],
  ["binary", "\0\xff\xfe"],
  ["a second line", `${HELLO} 5\nmore\n`],
  ["text far to the right", `${HELLO} 5\n${" ".repeat(300)}more\n`],
  ["a size with digits far to the right", `${HELLO}${" ".repeat(191)}55`],
  ["very long", "x".repeat(100_000)],
])("a record that is malformed (%s) is a miss that the next put repairs", (_, text) => {
  using dir = tempDir("bad");
  const { dir: localDir, local } = openLocal(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  writeFileSync(localDir.path("action", ACTION), text, "latin1");
  expect(local.get(ACTION)).toBeUndefined();
  local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 });
  expect(local.get(ACTION)).toMatchObject({ outputId: HELLO, sizeBytes: 5 });
});

test("a regular file in place of the cache directory is a miss", () => {
  using dir = tempDir("bad");
  writeFileSync(dir.join("file"), "");
  const { local } = openLocal(dir.join("file", "cache"));
  expect([local.get(ACTION), local.findOutput(HELLO), local.reuseOutput(HELLO, 5)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
