/** Who owns a Unix socket: its server decides what go links. */
import { foreignness, lookAlong, ownerProblem, writerProblem } from "../lib/files/path-owner.ts";

/** A socket that this user or root made, as it was when it was looked at. */
export interface OwnSocket {
  /** Different for a socket that has taken its place. */
  identity: string;
}

/** Looks at a socket and everything that leads to it. `undefined`: nothing is there. Throws a `ForeignPathError`. */
export function lookAtSocket(path: string): OwnSocket | undefined {
  const stat = lookAlong(path, (part) => ownerProblem(part) ?? writerProblem(part));
  return stat && { identity: [stat.dev, stat.ino, stat.ctimeMs].join(" ") };
}

/** Why `lookAtSocket` throws; `undefined`: it does not. */
export function socketForeignness(path: string): string | undefined {
  return foreignness(() => lookAtSocket(path));
}
