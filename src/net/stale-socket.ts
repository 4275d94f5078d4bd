import { statSync } from "node:fs";
import { connect } from "node:net";
import { removeFile } from "../lib/remove-file.ts";

/** Makes room for a Unix socket. Rejects when something lives there, or what is there is no socket. */
export async function clearStaleSocket(path: string): Promise<void> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new Error(`${path} is there, and is no socket`);
  if (await isAnswered(path)) throw new Error(`a server is listening on ${path} already`);
  removeFile(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const answered = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => answered.resolve(true));
  socket.once("error", () => answered.resolve(false));
  const isLive = await answered.promise;
  socket.destroy();
  return isLive;
}
