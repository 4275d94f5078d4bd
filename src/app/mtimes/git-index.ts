/** Reads git's index of a checkout; neither writes nor locks it. */
import { existsSync } from "node:fs";
import { describeError } from "../../lib/text/describe-error.ts";

/** A name in the index. Paths are bytes, one a character, for git's names need not be text. */
export interface TrackedEntry {
  /** Below the top of the checkout, with slashes. */
  path: string;
  /** A submodule's is its commit. */
  id: string;
  kind: "file" | "link" | "submodule";
}

export interface GitIndex {
  /** Without those that a sparse checkout omits, that are in conflict, or that git is set to ignore. */
  entries: TrackedEntry[];
  /** Paths that are not as the index has them, or gone. */
  changed: ReadonlySet<string>;
}

const KINDS: Readonly<Record<string, TrackedEntry["kind"]>> = {
  "100644": "file",
  "100755": "file",
  "120000": "link",
  "160000": "submodule",
};

/** `H 100644 <id> 0`, a tab, the path: as `git ls-files -v --stage` prints what is there and in no conflict. */
const ENTRY = /^H (\d{6}) ([0-9a-f]{40,64}) 0\t(.+)$/s;

/** Variables that override the directory: a git hook that started us has set them. */
const LOCAL_VARIABLES = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"];

type Env = Readonly<Record<string, string | undefined>>;

/** Where a directory lies in the checkout that it is in. */
export interface CheckoutPlace {
  top: string;
  /** Its path below the top in bytes, as in `TrackedEntry`; empty: the top itself. */
  below: string;
}

export async function findCheckout(directory: string, env: Env): Promise<CheckoutPlace> {
  const answer = await git(directory, env, ["rev-parse", "--show-toplevel", "--show-prefix"]);
  const [top = "", prefix = ""] = answer.split(/\r?\n/);
  return { top: Buffer.from(top, "latin1").toString(), below: prefix.replace(/\/$/, "") };
}

/** Reads the index of the checkout around `directory`, for the files below that. */
export async function readGitIndex(directory: string, env: Env): Promise<GitIndex> {
  const [staged, modified] = await Promise.all([
    git(directory, env, ["ls-files", "-z", "--full-name", "-v", "--stage"]),
    // If a file's time differs from the index, git compares contents.
    git(directory, env, ["ls-files", "-z", "--full-name", "--modified"]),
  ]);
  return {
    entries: staged.split("\0").flatMap(parseEntry),
    changed: new Set(modified.split("\0").filter((name) => name !== "")),
  };
}

function parseEntry(line: string): TrackedEntry[] {
  const [, mode = "", id = "", path = ""] = ENTRY.exec(line) ?? [];
  const kind = KINDS[mode];
  return kind === undefined ? [] : [{ path, id, kind }];
}

async function git(cwd: string, env: Env, args: string[]): Promise<string> {
  const child = spawnGit(cwd, env, args);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).arrayBuffer(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`git ${args[0]} in ${cwd}: ${stderr.trim()}`);
  return Buffer.from(stdout).toString("latin1");
}

function spawnGit(cwd: string, env: Env, args: string[]) {
  if (!existsSync(cwd)) throw new Error(`there is no directory ${cwd}`);
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !LOCAL_VARIABLES.includes(name)));
  try {
    // A file system monitor is a program that the checkout names, and would be left running.
    return Bun.spawn(["git", "-c", "core.fsmonitor=false", ...args], {
      cwd,
      env: { ...own, GIT_OPTIONAL_LOCKS: "0" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  } catch (error) {
    throw new Error(
      `git can't be started, and only git knows which files are as committed: ${describeError(error)}`,
      {
        cause: error,
      },
    );
  }
}
