/**
 * Who controls a path. A user who owns a folder or a link on the way to a file, or may write to such a folder, can put
 * another file in its place. That decides what go links where the file is a socket, or the cache directory.
 */
import { lstatSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";

const STICKY = 0o1000;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

/** Another user can put something else at the end of the path. The message names the part of it and the reason. */
export class ForeignPathError extends Error {
  override name = "ForeignPathError" as const;
}

/** Returns the problem of a part of a path; `undefined`: none. */
export type Judge = (stat: Stats) => string | undefined;

/**
 * Looks at every part of a path, the end included, and at every part that a link on the way leads over. Returns what is
 * at the end; `undefined`: nothing, or this user may not look. Throws a `ForeignPathError`.
 */
export function lookAlong(path: string, judge: Judge): Stats | undefined {
  return look(resolve(path), judge, MAX_LINKS);
}

/** Why `action` throws a `ForeignPathError`; `undefined`: it does not. */
export function foreignness(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ForeignPathError) return error.message;
    throw error;
  }
}

/**
 * Whether it belongs to somebody else than this user and root. Who owns `/` counts as root: in a user namespace that does
 * not know root, its files appear as those of another user.
 */
export function ownerProblem({ uid }: Stats): string | undefined {
  const self = process.getuid?.();
  if (self === undefined || uid === self || uid === 0 || uid === lstatSync("/").uid) return undefined;
  return `belongs to the user ${uid}, and this is ${self}`;
}

/**
 * Whether others can write to a folder. In a sticky folder such as /tmp only the owner of a file can replace it, so there
 * its owner decides. `ownGroup` counts as this user.
 */
export function writerProblem(stat: Stats, ownGroup?: number): string | undefined {
  const self = process.getuid?.();
  if (self === undefined || !stat.isDirectory() || (stat.mode & STICKY) !== 0) return undefined;
  // The group that has a user's own number is that user's alone by convention, and many systems let it write.
  const isOwnGroup = [0, self, ownGroup].includes(stat.gid);
  const isOpenGroup = !isOwnGroup && (stat.mode & WRITABLE_BY_GROUP) !== 0;
  if (!isOpenGroup && (stat.mode & WRITABLE_BY_ALL) === 0) return undefined;
  return `can be written by other users (chmod ${isOpenGroup ? "go" : "o"}-w)`;
}

function look(path: string, judge: Judge, linksLeft: number): Stats | undefined {
  const parent = dirname(path);
  if (parent !== path && look(parent, judge, linksLeft) === undefined) return undefined;
  const stat = statOf(path);
  if (stat === undefined) return undefined;
  const problem = judge(stat);
  if (problem !== undefined) throw new ForeignPathError(`${path} ${problem}`);
  if (!stat.isSymbolicLink()) return stat;
  const target = linksLeft === 0 ? undefined : targetOf(path);
  return target === undefined ? undefined : look(target, judge, linksLeft - 1);
}

/** `undefined`: the link is gone since. */
function targetOf(link: string): string | undefined {
  try {
    return resolve(realpathSync(dirname(link)), readlinkSync(link));
  } catch {
    return undefined;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
