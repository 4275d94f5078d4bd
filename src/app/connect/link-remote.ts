/** What a session asks a server for. Loaded when a session first needs more than the local disk. */
import type { RemoteBuilds, RemoteEntry, StoredEntry } from "../../buildcache/remote-builds.ts";
import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import type { ClientSocket } from "../../net/client-socket.ts";
import { LineReader } from "../../net/line-reader.ts";
import {
  formatMessage,
  formatOpening,
  type LinkEntry,
  MAX_LINE_BYTES,
  parseServerMessage,
} from "../../net/link-protocol.ts";
import type { Journal } from "../../remote/packed/journal.ts";
import type { Scope } from "../../remote/scope/scope.ts";

/** A server says every second that it lives while it is asked for something. */
const SILENT_MS = 5_000;
/** How long the end of a session waits for the server to note what was put, and to read what was used. */
const END_MS = 2_000;

/** The server at the other end of a link. One that has gone, or hangs, misses; what was put stays in the journal. */
export class LinkRemote implements RemoteBuilds {
  readonly #options: LinkRemoteOptions;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  readonly #gets = new Map<number, (found: RemoteEntry | undefined) => void>();
  readonly #used: StoredEntry[] = [];
  #unnoted = 0;
  #hasPut = false;
  #lastId = 0;
  #heardMs = performance.now();
  #watch: ReturnType<typeof setInterval> | undefined;
  #onQuiet: () => void = () => {};

  constructor(options: LinkRemoteOptions) {
    this.#options = options;
    const { socket, scope } = options;
    socket.listener = {
      onData: (bytes) => this.#receive(bytes),
      onEnd: () => this.#ended(),
    };
    socket.write(formatOpening(scope));
  }

  async get(actionId: string): Promise<RemoteEntry | undefined> {
    const { socket } = this.#options;
    if (!socket.isOpen) return undefined;
    const n = ++this.#lastId;
    const got = Promise.withResolvers<RemoteEntry | undefined>();
    this.#gets.set(n, got.resolve);
    this.#startWatch();
    socket.write(formatMessage("get", n, actionId));
    return await got.promise;
  }

  used(entry: StoredEntry): void {
    if (isSharable(entry)) this.#used.push(entry);
  }

  /** First into this session's own journal: the server may be gone before it has read of it. */
  put(entry: StoredEntry): void {
    const { socket, journal } = this.#options;
    if (!isSharable(entry)) return;
    this.#hasPut = true;
    journal?.append(entry);
    this.#unnoted++;
    if (socket.isOpen) socket.write(formatMessage("put", ++this.#lastId, ...linkEntry(entry)));
  }

  /** Waits until the server has noted what was put. Uploading it is the server's, which goes on living. */
  async drain(): Promise<void> {
    const { socket, journal } = this.#options;
    if (!this.#hasPut || journal === undefined) return;
    if (this.#unnoted > 0 && socket.isOpen) await this.#noted();
    if (this.#unnoted === 0) journal.discard();
    else journal.handOver();
  }

  async settle(): Promise<void> {
    const { socket, counters, journal } = this.#options;
    const used = this.#used.splice(0);
    this.#unnoted = used.length > 0 ? 1 : 0;
    if (used.length > 0) socket.write(formatMessage("used", ++this.#lastId, used.map(linkEntry)));
    socket.write(formatMessage("counts", counters.snapshot()));
    if (this.#unnoted > 0 && socket.isOpen) await this.#noted();
    if (this.#unnoted > 0 && journal !== undefined) {
      journal.append(...used.map((entry) => ({ ...entry, isOnlyUsed: true as const })));
      journal.handOver();
    }
    await socket.end(END_MS);
  }

  abort(): void {
    this.#options.socket.destroy();
  }

  async #noted(): Promise<void> {
    const quiet = Promise.withResolvers<void>();
    this.#onQuiet = quiet.resolve;
    await Promise.race([quiet.promise, Bun.sleep(END_MS)]);
  }

  #receive(bytes: Uint8Array): void {
    this.#heardMs = performance.now();
    try {
      for (const line of this.#reader.feed(bytes)) this.#take(line);
    } catch (error) {
      this.#giveUp(`says what is no answer: ${(error as Error).message}`);
    }
  }

  #take(line: string): void {
    const message = parseServerMessage(line);
    if (message.kind === "noted") {
      this.#unnoted--;
      if (this.#unnoted === 0) this.#onQuiet();
    }
    if (message.kind !== "got") return;
    const [outputId, sizeBytes, putTimeMs] = message.found ?? [];
    const isFound = outputId !== undefined && sizeBytes !== undefined && putTimeMs !== undefined;
    this.#gets.get(message.n)?.(isFound ? { outputId, sizeBytes, putTimeMs } : undefined);
    this.#gets.delete(message.n);
    if (this.#gets.size === 0) this.#stopWatch();
  }

  #startWatch(): void {
    if (this.#watch !== undefined) return;
    this.#heardMs = performance.now();
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardMs <= SILENT_MS) return;
      this.#options.onSilent();
      this.#giveUp("does not answer");
    }, 500).unref();
  }

  #stopWatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #giveUp(why: string): void {
    this.#options.log.warn("server", `going on without the server, it ${why}`);
    this.#options.socket.destroy();
  }

  #ended(): void {
    this.#stopWatch();
    for (const resolve of this.#gets.values()) resolve(undefined);
    this.#gets.clear();
    this.#onQuiet();
  }
}

/** go's ids are SHA-256 sums; a record has no place for others. */
function isSharable({ actionId, outputId }: StoredEntry): boolean {
  return actionId.length === 64 && outputId.length === 64;
}

function linkEntry({ actionId, outputId, sizeBytes, putTimeMs }: StoredEntry): LinkEntry {
  return [actionId, outputId, sizeBytes, Math.max(0, Math.floor(putTimeMs))];
}

export interface LinkRemoteOptions {
  socket: ClientSocket;
  scope: Scope;
  /** For what the server does not note; `undefined`: it has no use for one. */
  journal: Journal | undefined;
  /** What the session counts; the server is told at its end. */
  counters: Counters;
  /** Called when the server hangs. */
  onSilent: () => void;
  log: Logger;
}
