import type { BuildCache } from "./build-cache.ts";
import {
  formatClosed,
  formatError,
  formatHit,
  formatMiss,
  HELLO,
  type Hit,
  type Request,
} from "./messages.ts";
import { PutInProgress } from "./put-in-progress.ts";
import { type RequestHandler, RequestReader } from "./request-reader.ts";

/** How a session ended: go sent `close` and waits for the answer, or the input ended because go is gone. */
export type SessionEnd = { how: "close"; answer: string } | { how: "eof" };

/**
 * Serves one go command. Writes the hello line first. Answers every request once; gets that wait for the remote are
 * answered in the order of their results. The caller drains and then answers `close`; all other requests have been
 * answered by then.
 *
 * Throws a `ProtocolError` if the input is invalid; incomplete puts are discarded.
 */
export async function serveSession(options: {
  input: AsyncIterable<Uint8Array>;
  /** Writes one whole message. Never throws: if go is gone, the input ends. */
  write: (message: string) => void;
  cache: BuildCache;
  /** Whether the hello line has been written already. */
  isGreeted?: boolean;
}): Promise<SessionEnd> {
  if (options.isGreeted !== true) options.write(HELLO);
  const session = new Session(options.cache, options.write);
  const reader = new RequestReader(session);
  try {
    for await (const chunk of options.input) {
      reader.feed(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (session.closeId !== undefined) {
        await session.answered();
        return { how: "close", answer: formatClosed(session.closeId) };
      }
    }
    reader.end();
    return { how: "eof" };
  } finally {
    session.abandonPut();
  }
}

class Session implements RequestHandler {
  closeId: string | undefined;
  readonly #cache: BuildCache;
  readonly #write: (message: string) => void;
  readonly #pending = new Set<Promise<void>>();
  #put: PutInProgress | undefined;

  constructor(cache: BuildCache, write: (message: string) => void) {
    this.#cache = cache;
    this.#write = write;
  }

  onRequest(request: Request): void {
    if (this.closeId !== undefined) return;
    if (request.bodyBytes > 0) this.#put = new PutInProgress(request, this.#cache);
    else if (request.command === "put")
      this.#write(new PutInProgress(request, this.#cache).finish(undefined));
    else if (request.command === "get") this.#get(request);
    else if (request.command === "close") this.closeId = request.id;
    else this.#write(formatError(request.id, `unknown command ${JSON.stringify(request.command)}`));
  }

  onBody(bytes: Uint8Array): void {
    this.#put?.write(bytes);
  }

  onBodyEnd(error: string | undefined): void {
    const put = this.#put;
    this.#put = undefined;
    if (put !== undefined) this.#write(put.finish(error));
  }

  /** Discards an incomplete put. */
  abandonPut(): void {
    this.#put?.abandon();
    this.#put = undefined;
  }

  /** Resolves when all gets have been answered. */
  async answered(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #get(request: Request): void {
    const { id, actionId } = request;
    if (actionId === "") {
      this.#write(formatError(id, "get without a valid ActionID"));
      return;
    }
    const found = this.#lookUp(actionId);
    if (!(found instanceof Promise)) {
      this.#write(formatFound(id, found));
      return;
    }
    const answer = found.then(
      (hit) => this.#write(formatFound(id, hit)),
      () => this.#write(formatMiss(id)),
    );
    this.#pending.add(answer);
    void answer.finally(() => this.#pending.delete(answer));
  }

  #lookUp(actionId: string): ReturnType<BuildCache["get"]> {
    try {
      return this.#cache.get(actionId);
    } catch {
      return undefined;
    }
  }
}

function formatFound(id: string, hit: Hit | undefined): string {
  return hit === undefined ? formatMiss(id) : formatHit(id, hit);
}
