/**
 * Whose a Unix socket is. Whoever answers there decides what go links, so nobody but this user and root may be able to
 * put a socket in that place: not by owning it, a folder above it, or a link on the way, nor by writing to a folder.
 */
import { lstatSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";

const STICKY = 0o1000;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

/** A socket that this user or root made, as it was when it was looked at. */
export interface OwnSocket {
  /** Different for a socket that has taken its place. */
  identity: string;
}

/** Another user may have made the socket, or can replace it. The message names the path and the reason. */
export class ForeignSocketError extends Error {
  override name = "ForeignSocketError" as const;
}

/**
 * Looks at a socket and everything that leads to it. `undefined`: nothing is there. Throws a `ForeignSocketError`. In a
 * sticky folder such as /tmp only the owner of a socket can replace it, so there its own owner decides.
 */
export function lookAtSocket(path: string): OwnSocket | undefined {
  const stat = check(resolve(path), process.getuid?.(), MAX_LINKS);
  return stat && { identity: [stat.dev, stat.ino, stat.ctimeMs].join(" ") };
}

/** Why `lookAtSocket` throws; `undefined`: it does not. */
export function foreignness(path: string): string | undefined {
  try {
    lookAtSocket(path);
    return undefined;
  } catch (error) {
    if (error instanceof ForeignSocketError) return error.message;
    throw error;
  }
}

/** What is at the end of the path, after each of its parts was looked at; `undefined`: nothing. */
function check(path: string, self: number | undefined, linksLeft: number): Stats | undefined {
  const parent = dirname(path);
  if (parent !== path && check(parent, self, linksLeft) === undefined) return undefined;
  const stat = look(path);
  if (stat === undefined) return undefined;
  const problem = self === undefined ? undefined : problemOf(stat, self);
  if (problem !== undefined) throw new ForeignSocketError(`${path} ${problem}`);
  if (!stat.isSymbolicLink()) return stat;
  if (linksLeft === 0) return undefined;
  return check(resolve(realpathSync(parent), readlinkSync(path)), self, linksLeft - 1);
}

function problemOf(stat: Stats, self: number): string | undefined {
  if (stat.uid !== self && stat.uid !== 0) return `belongs to the user ${stat.uid}, and this is ${self}`;
  if (!stat.isDirectory() || (stat.mode & STICKY) !== 0) return undefined;
  // The group that has a user's own number is that user's alone by convention, and many systems let it write.
  const isOpenGroup = stat.gid !== 0 && stat.gid !== self && (stat.mode & WRITABLE_BY_GROUP) !== 0;
  if (!isOpenGroup && (stat.mode & WRITABLE_BY_ALL) === 0) return undefined;
  return `can be written by other users (chmod ${isOpenGroup ? "go" : "o"}-w)`;
}

/** `undefined` also where this user may not look: then connecting fails as well. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
