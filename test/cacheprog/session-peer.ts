import { type SessionEnd, serveSession } from "../../src/cacheprog/session.ts";
import { ScriptedCache } from "./scripted-cache.ts";

/** go's side of a session over streams in memory. */
export class SessionPeer {
  readonly cache = new ScriptedCache();
  readonly ended: Promise<SessionEnd>;
  #input: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly #received: string[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor() {
    this.ended = serveSession({
      input: new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#input = controller;
        },
      }),
      cache: this.cache,
      write: (message) => {
        this.#received.push(message);
        this.#arrived.resolve();
      },
    });
    this.ended.catch(() => undefined);
  }

  send(text: string): void {
    this.#input?.enqueue(Buffer.from(text));
  }

  /** Ends the input. */
  async end(): Promise<SessionEnd> {
    this.#input?.close();
    return await this.ended;
  }

  /** The next message; waits for it. */
  async next(): Promise<unknown> {
    while (this.#received.length === 0) {
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
    return JSON.parse(this.#received.shift() ?? "");
  }

  /** Messages not yet read by the test. */
  get unread(): string[] {
    return this.#received;
  }
}

export const HELLO_MESSAGE = { ID: 0, KnownCommands: ["get", "put", "close"] };

/** A peer that has received the hello line. */
export async function startSession(): Promise<SessionPeer> {
  const peer = new SessionPeer();
  await peer.next();
  return peer;
}
