import { expect, test } from "bun:test";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { detectCi } from "../../../src/remote/scope/detect-ci.ts";
import { testOnPosix } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

function defaultBranch(path: string): string | undefined {
  return detectCi({ GITHUB_ACTIONS: "true", GITHUB_EVENT_PATH: path })?.defaultBranch;
}

const EVENT = JSON.stringify({ repository: { default_branch: "trunk" } });

test.each([
  "",
  "{",
  "null",
  "5",
  "[]",
  '"text"',
  '{"repository":null}',
  '{"repository":"text"}',
  '{"repository":{"default_branch":7}}',
  '{"repository":{"default_branch":""}}',
  '{"pull_request":5,"merge_group":null}',
  "\u0000\ufffd",
])("an event of %p counts as none", (text) => {
  using dir = tempDir("event");
  writeFileSync(dir.join("event.json"), text);
  expect(defaultBranch(dir.join("event.json"))).toBeUndefined();
});

test("an event may be large", () => {
  using dir = tempDir("event");
  writeFileSync(dir.join("event.json"), EVENT + " ".repeat(3 * 1024 * 1024));
  expect(defaultBranch(dir.join("event.json"))).toBe("trunk");
});

function makeHuge(path: string): void {
  writeFileSync(path, EVENT);
  const fd = openSync(path, "r+");
  ftruncateSync(fd, 64 * 2 ** 30);
  closeSync(fd);
}

testOnPosix.each([
  ["missing", () => {}],
  ["a directory", (dir: TempDir) => mkdirSync(dir.join("event.json"))],
  ["a pipe", (dir: TempDir) => Bun.spawnSync(["mkfifo", dir.join("event.json")])],
  ["64 GiB large", (dir: TempDir) => makeHuge(dir.join("event.json"))],
] as const)("an event file that is %s counts as none", (_, make) => {
  using dir = tempDir("event");
  make(dir);
  expect(defaultBranch(dir.join("event.json"))).toBeUndefined();
});

test("an invalid path counts as no event", () => {
  expect(defaultBranch("a\0b")).toBeUndefined();
});
