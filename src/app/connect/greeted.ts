import type { ListenAddress } from "../../lib/network/listen-address.ts";
import { ClientSocket, NoListenerError } from "../../net/client-socket.ts";
import { LineReader } from "../../net/line-reader.ts";
import { parseGreeting, type ServerInfo } from "../../net/link-protocol.ts";
import { lookAtSocket } from "../../net/socket-owner.ts";

/** How long a server may take to greet; a longer wait would make go complain, which it does after 5 s. */
const GREETING_MS = 3_000;
const POLL_MS = 50;
const MAX_GREETING_BYTES = 64 << 10;

/** A connection to whatever listens at an address. */
export interface Greeted {
  socket: ClientSocket;
  /** The first line, with its end; `undefined`: none came in time, or the connection ended before. */
  line: string | undefined;
  /** Whether nothing came in time. */
  isSilent: boolean;
  /** `undefined`: another program greets, or an old version of this. */
  server: ServerInfo | undefined;
}

/**
 * Connects and reads the greeting. Rejects with a `NoListenerError` when nothing listens within `waitMs`, and with a
 * `ForeignPathError` when another user may own the socket.
 */
export async function connectGreeted(address: ListenAddress, waitMs: number): Promise<Greeted> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await greetOwn(address);
    } catch (error) {
      if (!(error instanceof NoListenerError) || performance.now() - startedMs >= waitMs) throw error;
      await Bun.sleep(POLL_MS);
    }
  }
}

/** The socket must be the same before and after: in between another user's may have replaced it. */
async function greetOwn(address: ListenAddress): Promise<Greeted> {
  if (address.kind !== "unix") return await greet(address);
  const before = lookAtSocket(address.path);
  if (before === undefined) throw new NoListenerError(address);
  const greeted = await greet(address);
  if (lookAtSocket(address.path)?.identity === before.identity) return greeted;
  greeted.socket.destroy();
  throw new NoListenerError(address);
}

async function greet(address: ListenAddress): Promise<Greeted> {
  const reader = new LineReader(MAX_GREETING_BYTES);
  const first = Promise.withResolvers<string | undefined>();
  const socket = await ClientSocket.connect(address, {
    onData: (bytes) => {
      try {
        const [line] = reader.feed(bytes);
        if (line !== undefined) first.resolve(`${line}\n`);
      } catch {
        first.resolve(undefined);
      }
    },
    onEnd: () => first.resolve(undefined),
  });
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    first.resolve(undefined);
  }, GREETING_MS);
  const line = await first.promise;
  clearTimeout(timer);
  return { socket, line, isSilent, server: line === undefined ? undefined : parseGreeting(line) };
}
