import { statSync } from "node:fs";
import { connect } from "node:net";
import { isErrno } from "../lib/files/errno.ts";
import { removeFile } from "../lib/files/remove-file.ts";

/**
 * Removes a Unix socket that a dead server left. Rejects when a server answers there, or when the path is no socket. The
 * caller holds the path's lock until it listens there: a socket on which a server is about to listen looks dead.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new Error(`${path} exists and is not a socket`);
  if (await isAnswered(path)) throw new Error(`a server is listening on ${path} already`);
  removeFile(path);
}

/** Rejects when that is unknown, such as for a socket of another user. */
async function isAnswered(path: string): Promise<boolean> {
  const answered = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => answered.resolve(true));
  socket.once("error", (error) => {
    if (isErrno(error, "ECONNREFUSED") || isErrno(error, "ENOENT")) answered.resolve(false);
    else answered.reject(error);
  });
  const isLive = await answered.promise;
  socket.destroy();
  return isLive;
}
