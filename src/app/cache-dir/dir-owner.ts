/** Who owns a directory: what another user has put into it could be linked into what we build. */
import { lstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  ForeignPathError,
  foreignness,
  lookAlong,
  ownerProblem,
  writerProblem,
} from "../../lib/files/path-owner.ts";
import { makePrivateDir } from "../../lib/files/private-dir.ts";
import {
  ACTION_DIR,
  META_SUFFIX,
  MODULE_DIR,
  OUTPUT_DIR,
  PROGRAM_DIR,
  REVPROXY_DIR,
  STATE_DIR,
  TEMP_DIR,
} from "../../store/local/local-dir.ts";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const PARTS = [
  ACTION_DIR,
  OUTPUT_DIR,
  PROGRAM_DIR,
  TEMP_DIR,
  STATE_DIR,
  ...[MODULE_DIR, REVPROXY_DIR].flatMap((kind) => [kind, kind + META_SUFFIX]),
];

/**
 * Why this directory is not to be used: it belongs to another user (what root has prepared for reading is fine), another
 * user can put another one in its place, or a part of it is a link to somewhere else. `undefined`: nothing speaks against
 * it, or it is not there yet and nothing on the way to it does.
 */
export function whyForeign(dir: string): string | undefined {
  const foreign = whyReplaceable(dir) ?? whyOthers(dir, look(dir));
  if (foreign !== undefined) return foreign;
  const link = PARTS.find((part) => look(join(dir, part), lstatSync)?.isSymbolicLink());
  return link === undefined ? undefined : `its ${link} is a link to somewhere else`;
}

/**
 * Why another user can put something else at this path: a folder or a link on the way is his. Root may use a folder of
 * another user: in a container the folders on the way often are those of the user who started it (GitHub's jobs). A folder
 * on the way that everybody may write to is accepted for the same reason (GitLab's builds, volumes of Kubernetes); one at
 * the end is not.
 */
export function whyReplaceable(path: string): string | undefined {
  const isRoot = process.getuid?.() === 0;
  const judge = (part: Stats) => (isRoot && !part.isSymbolicLink() ? undefined : ownerProblem(part));
  return foreignness(() => {
    const end = lookAlong(path, judge);
    const problem = isRoot || end === undefined ? undefined : writerProblem(end, process.getgid?.());
    if (problem !== undefined) throw new ForeignPathError(`${path} ${problem}`);
  });
}

/**
 * Creates a cache directory for its user alone, since builds may be private. An existing one stays as open
 * as it is. Never throws: where it can't be made, the writing fails.
 */
export function ensureCacheDir(root: string): void {
  try {
    // Not for this user alone: other things of others may lie there. In one that others can write to, they could put
    // another cache directory in the place of this one.
    mkdirSync(dirname(root), { recursive: true, mode: 0o755 });
    mkdirSync(root, { mode: 0o700 });
  } catch {
    // It exists, or can't be created.
  }
}

/**
 * The same for a directory that holds only trusted files, from `base` down: no other user may be able to write
 * there either. It is created, for its user alone, so that no other user can create it.
 */
export function whyUnsafe(base: string, dir: string): string | undefined {
  ensureCacheDir(base);
  make(dir);
  for (let at = dir; ; at = dirname(at)) {
    const problem = whyOpen(at);
    if (problem !== undefined) return problem;
    if (at !== base && look(at, lstatSync)?.isSymbolicLink()) return `${at} is a link to somewhere else`;
    if (at === base || at === dirname(at)) break;
  }
  return whyForeign(dir);
}

/** Why another user may have written to this directory. */
export function whyOpen(dir: string): string | undefined {
  const stat = look(dir);
  return stat && (whyOthers(dir, stat) ?? whyWritable(dir, stat));
}

function whyOthers(dir: string, stat: Stats | undefined): string | undefined {
  const self = process.getuid?.();
  if (self === undefined || stat === undefined || stat.uid === self) return undefined;
  if (ownerProblem(stat) === undefined && !isWritableByOthers(stat)) return undefined;
  return `${dir} belongs to the user ${stat.uid}, and this is ${self}`;
}

function whyWritable(dir: string, stat: Stats): string | undefined {
  if (process.getuid === undefined || !isWritableByOthers(stat)) return undefined;
  return `other users can write to ${dir} (chmod go-w), and there are keys to trust`;
}

function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
}

function look(path: string, stat: typeof statSync | typeof lstatSync = statSync): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function make(dir: string): void {
  try {
    makePrivateDir(dir);
  } catch {
    // It can't be written, probably not by other users either.
  }
}
