import { join } from "node:path";
import { statFile } from "../../lib/files/stat-file.ts";
import type { GitDir } from "./git-dir.ts";
import { readFileStart } from "./read-file-start.ts";

/** `ref: refs/heads/<branch>`, or a commit's id. */
const MAX_HEAD_BYTES = 4 * 1024;

/** Enough for tens of thousands of branches; references beyond it are not found. */
const MAX_PACKED_REFS_BYTES = 1024 * 1024;

/** The checked-out branch, or `detached`; `none` if unknown. */
export function checkedOutBranch(git: GitDir | undefined): string {
  const head = git && readFileStart(join(git.path, "HEAD"), MAX_HEAD_BYTES);
  // In a repository with the reftable format, HEAD always says `refs/heads/.invalid`.
  const branch = /^ref:\s*refs\/heads\/(?!\.invalid\s)(\S+)/.exec(head ?? "")?.[1];
  return branch ?? (/^[0-9a-f]{40,64}\s*$/.test(head ?? "") ? "detached" : "none");
}

/**
 * The default branch of the remote `origin` at the time of the clone. If git didn't record it: `main` or `master`,
 * whichever exists.
 */
export function clonedDefaultBranch(git: GitDir | undefined): string | undefined {
  if (git === undefined) return undefined;
  const originHead = readFileStart(join(git.commonPath, "refs/remotes/origin/HEAD"), MAX_HEAD_BYTES);
  return /^ref:\s*refs\/remotes\/origin\/(\S+)/.exec(originHead ?? "")?.[1] ?? mainOrMaster(git);
}

function mainOrMaster(git: GitDir): string | undefined {
  const packed = readFileStart(join(git.commonPath, "packed-refs"), MAX_PACKED_REFS_BYTES) ?? "";
  const exists = (ref: string) =>
    packed.includes(` ${ref}\n`) || statFile(join(git.commonPath, ref)) !== undefined;
  return ["main", "master"].find(
    (name) => exists(`refs/remotes/origin/${name}`) || exists(`refs/heads/${name}`),
  );
}
