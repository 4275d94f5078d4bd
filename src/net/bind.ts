import { chmodSync } from "node:fs";
import type { Server } from "node:net";
import { dirname, resolve } from "node:path";
import { Deadline } from "../lib/async/deadline.ts";
import { lockFile } from "../lib/files/lock-file.ts";
import { makePrivateDir } from "../lib/files/private-dir.ts";
import { removeFile } from "../lib/files/remove-file.ts";
import { formatListenAddress, type ListenAddress } from "../lib/network/listen-address.ts";
import { clearStaleSocket } from "./stale-socket.ts";
import { systemdFd } from "./systemd-sockets.ts";

/** Another server holds the lock while it looks for a third one, and begins to listen. */
const LOCK_WAIT_MS = 10_000;

/** A server that listens. */
export interface Bound {
  /** As it can be given to `connect`: a port 0 has become the real one. */
  address: ListenAddress;
  /** Takes no more connections; removes its socket from the file system. Those that there are go on. */
  close(): void;
}

/**
 * Makes `server` listen. A Unix socket is for this user only (0600); one that a dead server has left is replaced, one
 * of a live server is not. Rejects with a message that names the address.
 */
export async function bind(
  server: Server,
  address: ListenAddress,
  env: Record<string, string | undefined>,
): Promise<Bound> {
  try {
    if (address.kind === "tcp") return await bindTcp(server, address);
    if (address.kind === "unix") return await bindUnix(server, resolve(address.path));
    await listening(server, () => server.listen({ fd: systemdFd(env, address.name) }));
    return { address, close: () => server.close() };
  } catch (cause) {
    throw new Error(`can't listen on ${formatListenAddress(address)}`, { cause });
  }
}

async function bindTcp(server: Server, { host, port }: { host: string; port: number }): Promise<Bound> {
  await listening(server, () => server.listen({ port, ...(host === "" ? {} : { host }) }));
  const bound = server.address();
  const realPort = typeof bound === "object" && bound !== null ? bound.port : port;
  return { address: { kind: "tcp", host, port: realPort }, close: () => server.close() };
}

async function bindUnix(server: Server, path: string): Promise<Bound> {
  makePrivateDir(dirname(path));
  using limit = new Deadline(LOCK_WAIT_MS);
  await using _lock = await lockFile(`${path}.lock`, limit.signal);
  await clearStaleSocket(path);
  // Not chmod alone: another user might connect before that.
  const umask = process.umask(0o177);
  try {
    await listening(server, () => server.listen(path));
  } finally {
    process.umask(umask);
  }
  chmodSync(path, 0o600);
  const close = () => {
    server.close();
    removeFile(path);
  };
  return { address: { kind: "unix", path }, close };
}

async function listening(server: Server, listen: () => void): Promise<void> {
  const done = Promise.withResolvers<void>();
  server.once("error", done.reject);
  server.once("listening", done.resolve);
  listen();
  await done.promise;
  server.off("error", done.reject);
}
