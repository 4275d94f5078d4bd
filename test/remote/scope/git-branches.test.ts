import { expect, test } from "bun:test";
import { tempDir } from "../../support/temp-dir.ts";
import { COMMIT, readGit, writeFiles } from "./git-files.ts";

test.each([
  ["ref: refs/heads/main\n", "main"],
  ["ref: refs/heads/feature/a/b\n", "feature/a/b"],
  ["ref:refs/heads/x", "x"],
  ["ref: refs/heads/käse-🧀\r\n", "käse-🧀"],
  [`ref: refs/heads/${"x".repeat(250)}\n`, "x".repeat(250)],
  [`${COMMIT}\n`, "detached"],
  [`${COMMIT}${COMMIT.slice(0, 24)}\n`, "detached"],
  ["", "none"],
  ["ref: refs/heads/\n", "none"],
  ["ref: refs/heads/.invalid\n", "none"],
  ["ref: elsewhere\n", "none"],
  ["0123\n", "none"],
  ["\0\0\0\0", "none"],
  ["garbage ".repeat(100_000), "none"],
])("HEAD with %j means %p", (head, branch) => {
  using dir = tempDir("head");
  writeFiles(dir.path, { ".git/HEAD": head });
  expect(readGit(dir.path)).toEqual({ branch, defaultBranch: undefined });
});

const ORIGIN_HEAD = ".git/refs/remotes/origin/HEAD";

test.each([
  [
    "origin/HEAD",
    { [ORIGIN_HEAD]: "ref: refs/remotes/origin/trunk\n", ".git/refs/heads/main": COMMIT },
    "trunk",
  ],
  ["origin/HEAD with slashes", { [ORIGIN_HEAD]: "ref: refs/remotes/origin/release/1\n" }, "release/1"],
  ["a garbled origin/HEAD, and main", { [ORIGIN_HEAD]: "what", ".git/refs/heads/main": COMMIT }, "main"],
  ["a main of its own", { ".git/refs/heads/main": COMMIT }, "main"],
  ["origin's main", { ".git/refs/remotes/origin/main": COMMIT }, "main"],
  ["master only", { ".git/refs/heads/master": COMMIT }, "master"],
  ["both", { ".git/refs/heads/master": COMMIT, ".git/refs/remotes/origin/main": COMMIT }, "main"],
  ["a packed main", { ".git/packed-refs": `# pack-refs\n${COMMIT} refs/heads/main\n` }, "main"],
  ["origin's packed master", { ".git/packed-refs": `${COMMIT} refs/remotes/origin/master\n` }, "master"],
  [
    "others only",
    { ".git/packed-refs": `${COMMIT} refs/heads/main2\n${COMMIT} refs/tags/main\n` },
    undefined,
  ],
  ["a directory named main", { ".git/refs/heads/main/x": COMMIT }, undefined],
  ["another remote's", { ".git/refs/remotes/fork/main": COMMIT }, undefined],
  ["no references", {}, undefined],
])("the default branch of a checkout with %s", (_, files, defaultBranch) => {
  using dir = tempDir("refs");
  writeFiles(dir.path, { ".git/HEAD": "ref: refs/heads/x\n", ...files });
  expect(readGit(dir.path)).toEqual({ branch: "x", defaultBranch });
});

test("only the beginning of a huge list of packed references is read", () => {
  using dir = tempDir("refs");
  const many = Array.from({ length: 100_000 }, (_, i) => `${COMMIT} refs/heads/z${i}\n`).join("");
  writeFiles(dir.path, {
    ".git/HEAD": COMMIT,
    ".git/packed-refs": `${COMMIT} refs/heads/master\n${many}${COMMIT} refs/remotes/origin/main\n`,
  });
  expect(readGit(dir.path)).toEqual({ branch: "detached", defaultBranch: "master" });
});
