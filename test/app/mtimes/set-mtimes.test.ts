import { describe, expect, test } from "bun:test";
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setMtimes } from "../../../src/app/mtimes/set-mtimes.ts";
import { directoryTimeMs, fileTimeMs } from "../../../src/app/mtimes/stable-time.ts";
import { commitAll, git } from "../../support/git.ts";
import { testOnPosix } from "../../support/platform.ts";
import { rejection } from "../../support/rejection.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** A repository with a file at the top, one below, and a link. */
function makeCheckout(dir: TempDir): string {
  const top = dir.join("checkout");
  mkdirSync(join(top, "sub"), { recursive: true });
  writeFileSync(join(top, "top.txt"), "top\n");
  writeFileSync(join(top, "sub/below.txt"), "below\n");
  symlinkSync("nowhere", join(top, "sub/link"));
  commitAll(top);
  return top;
}

async function setAll(
  cwd: string,
  options: { directory?: string; dryRun?: boolean; env?: Record<string, string> } = {},
) {
  const seen: string[] = [];
  const failures: string[] = [];
  const progress: unknown[] = [];
  const { files, directories, settled, changed, failed } = await setMtimes({
    directory: options.directory,
    cwd,
    env: { ...process.env, ...options.env },
    dryRun: options.dryRun ?? false,
    onProgress: ({ done }) => progress.push(done),
    onSet: (path) => seen.push(path),
    onFailure: (path) => failures.push(path),
  });
  return { counts: { files, directories, settled, changed, failed }, seen, failures, progress };
}

function timeOf(...path: string[]): number {
  return lstatSync(join(...path)).mtimeMs;
}

function blobTimeMs(top: string, path: string): number {
  return fileTimeMs(git(top, "rev-parse", `HEAD:${path}`).trim());
}

describe("fails", () => {
  test("outside of a checkout, with git's own words", async () => {
    using dir = tempDir("mtimes");
    expect(String(await rejection(setAll(dir.path)))).toContain("not a git repository");
  });

  testOnPosix("where there is no such directory", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    expect(String(await rejection(setAll(top, { directory: "gone" })))).toContain(join(top, "gone"));
  });

  testOnPosix("without git", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    const error = String(await rejection(setAll(top, { env: { PATH: dir.path } })));
    expect(error).toContain("git can't be started");
  });
});

describe("leaves alone", () => {
  testOnPosix("what is changed, staged or not known to git, and says how many", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    writeFileSync(join(top, "top.txt"), "tap\n");
    rmSync(join(top, "sub/below.txt"));
    writeFileSync(join(top, "new.txt"), "new\n");
    const before = [timeOf(top, "top.txt"), timeOf(top, "new.txt")];
    const { counts } = await setAll(top);
    expect(counts).toEqual({ files: 1, directories: 2, settled: 0, changed: 2, failed: 0 });
    expect([timeOf(top, "top.txt"), timeOf(top, "new.txt")]).toEqual(before);
    // The directory has one tracked name less.
    expect(timeOf(top, "sub")).toBe(directoryTimeMs(["link"]));
  });

  testOnPosix("a file changed after its time was set, in its size or not", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    await setAll(top);
    writeFileSync(join(top, "top.txt"), "tip\n");
    const { counts } = await setAll(top);
    expect(counts).toMatchObject({ files: 0, changed: 1 });
  });

  testOnPosix("what is marked as not to be looked at, and what a sparse checkout leaves out", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    git(top, "update-index", "--assume-unchanged", "top.txt");
    const before = timeOf(top, "top.txt");
    git(top, "update-index", "--skip-worktree", "sub/below.txt");
    rmSync(join(top, "sub/below.txt"));
    const { counts } = await setAll(top);
    expect(counts).toMatchObject({ files: 1, changed: 0 });
    expect(timeOf(top, "top.txt")).toBe(before);
    expect(timeOf(top, "sub")).toBe(directoryTimeMs(["link"]));
  });

  testOnPosix("what is in conflict", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    git(top, "checkout", "--quiet", "-b", "other");
    writeFileSync(join(top, "top.txt"), "other\n");
    git(top, "commit", "--quiet", "--all", "--message=other");
    git(top, "checkout", "--quiet", "main");
    writeFileSync(join(top, "top.txt"), "main\n");
    git(top, "commit", "--quiet", "--all", "--message=main");
    expect(() => git(top, "merge", "--quiet", "other")).toThrow();
    expect(git(top, "ls-files", "--unmerged")).not.toBe("");
    const before = timeOf(top, "top.txt");
    await setAll(top);
    expect(timeOf(top, "top.txt")).toBe(before);
  });

  testOnPosix("everything, with dryRun, but says what it would do", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    const before = timeOf(top, "top.txt");
    const { counts, seen } = await setAll(top, { dryRun: true });
    expect(counts).toEqual({ files: 3, directories: 2, settled: 0, changed: 0, failed: 0 });
    expect(seen).toContain(join(top, "sub/below.txt"));
    expect(timeOf(top, "top.txt")).toBe(before);
  });

  testOnPosix(".git", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    const look = () =>
      readdirSync(join(top, ".git"), { recursive: true, encoding: "utf8" })
        .sort()
        .map((name) => `${name} ${timeOf(top, ".git", name)}`);
    const before = look();
    await setAll(top);
    expect(look()).toEqual(before);
  });
});

describe("sets", () => {
  testOnPosix("files, links and directories by their content", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    expect((await setAll(top)).counts).toEqual({
      files: 3,
      directories: 2,
      settled: 0,
      changed: 0,
      failed: 0,
    });
    for (const path of ["top.txt", "sub/below.txt", "sub/link"])
      expect(timeOf(top, path)).toBe(blobTimeMs(top, path));
    expect(timeOf(top, "sub")).toBe(directoryTimeMs(["link", "below.txt"]));
    expect(timeOf(top)).toBe(directoryTimeMs(["sub", "top.txt"]));
    expect((await setAll(top)).counts).toEqual({
      files: 0,
      directories: 0,
      settled: 5,
      changed: 0,
      failed: 0,
    });
  });

  testOnPosix("the same in a clone of one commit, and in a worktree", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    writeFileSync(join(top, "later.txt"), "later\n");
    commitAll(top);
    git(dir.path, "clone", "--quiet", "--depth=1", `file://${top}`, "shallow");
    git(top, "worktree", "add", "--quiet", dir.join("worktree"), "HEAD");
    for (const name of ["shallow", "worktree"]) {
      await setAll(dir.join(name));
      for (const path of ["top.txt", "sub/below.txt", "sub"]) {
        expect(timeOf(dir.join(name), path)).toBe(
          path === "sub" ? directoryTimeMs(["below.txt", "link"]) : blobTimeMs(top, path),
        );
      }
    }
  });

  testOnPosix("only what is below a directory, and that itself", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    const before = [timeOf(top), timeOf(top, "top.txt")];
    expect((await setAll(top, { directory: "sub" })).counts).toMatchObject({ files: 2, directories: 1 });
    expect([timeOf(top), timeOf(top, "top.txt")]).toEqual(before);
  });

  testOnPosix("and says how far it is", async () => {
    using dir = tempDir("mtimes");
    expect((await setAll(makeCheckout(dir))).progress).toEqual([0, 1, 2]);
  });

  testOnPosix("from within a directory: the whole checkout", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    expect((await setAll(join(top, "sub"))).counts).toMatchObject({ files: 3, directories: 2 });
  });

  test("names that are no text, and names that look like patterns", async () => {
    using dir = tempDir("mtimes");
    const top = dir.join("checkout");
    mkdirSync(join(top, "[a]*"), { recursive: true });
    const odd = Buffer.concat([Buffer.from(`${top}/[a]*/`), Buffer.from([0xff, 0x0a, 0xc3, 0xa4])]);
    writeFileSync(odd, "odd\n");
    commitAll(top);
    expect((await setAll(top, { directory: "[a]*" })).counts).toMatchObject({
      files: 1,
      directories: 1,
      changed: 0,
    });
    const id = git(top, "ls-tree", "-r", "--object-only", "HEAD").trim();
    expect(lstatSync(odd).mtimeMs).toBe(fileTimeMs(id));
  });

  testOnPosix("files that git converts on their way", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    writeFileSync(join(top, ".gitattributes"), "*.txt text eol=crlf\n");
    git(top, "add", "--all");
    git(top, "commit", "--quiet", "--message=crlf");
    git(dir.path, "clone", "--quiet", top, "clone");
    expect((await setAll(dir.join("clone"))).counts).toMatchObject({ files: 4, changed: 0 });
  });

  testOnPosix("in submodules that are checked out", async () => {
    using dir = tempDir("mtimes");
    const inner = makeCheckout(dir);
    const outer = dir.join("outer");
    mkdirSync(outer);
    git(outer, "init", "--quiet", "--initial-branch=main");
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "inner");
    git(outer, "commit", "--quiet", "--message=inner");
    expect((await setAll(outer)).counts).toEqual({
      files: 4,
      directories: 3,
      settled: 0,
      changed: 0,
      failed: 0,
    });
    expect(timeOf(outer, "inner/top.txt")).toBe(blobTimeMs(inner, "top.txt"));
    git(dir.path, "clone", "--quiet", outer, "clone");
    expect((await setAll(dir.join("clone"))).counts).toMatchObject({ files: 1, directories: 1 });
  });

  testOnPosix("files that may only be read", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    chmodSync(join(top, "top.txt"), 0o444);
    expect((await setAll(top)).counts).toMatchObject({ files: 3, failed: 0 });
  });

  testOnPosix("in the checkout of the directory, whatever a hook's variables say", async () => {
    using dir = tempDir("mtimes");
    const top = makeCheckout(dir);
    const { counts } = await setAll(top, { env: { GIT_DIR: "/nowhere", GIT_INDEX_FILE: "/nowhere/index" } });
    expect(counts).toMatchObject({ files: 3 });
  });
});
