/** The remote of a session that uses a server. Loaded when a session first needs more than the local disk. */

import type { CacheEntry, LocalEntry } from "../../buildcache/entry.ts";
import type { LocalCache } from "../../buildcache/local-cache.ts";
import { isMissReason, type MissReason, type OnMiss } from "../../buildcache/miss-reason.ts";
import type { RemoteBuilds } from "../../buildcache/remote-builds.ts";
import type { Counters } from "../../lib/counters.ts";
import { IdList } from "../../lib/id-list.ts";
import type { Logger } from "../../lib/logger.ts";
import { isSha256 } from "../../lib/shape.ts";
import type { ClientSocket } from "../../net/client-socket.ts";
import { LineReader } from "../../net/line-reader.ts";
import {
  formatMessage,
  formatOpening,
  type LinkEntry,
  MAX_LINE_BYTES,
  MAX_LINE_IDS,
  parseServerMessage,
} from "../../net/link-protocol.ts";
import type { EntryJournal } from "../../remote/packed/write/journal.ts";
import type { Scope } from "../../remote/scope/scope.ts";

/** During a lookup a server reports every second that it lives. */
const SILENT_MS = 5_000;
/** How long the end of a session waits for the server to note what was put, and each line of what was used. */
const END_MS = 2_000;
/** The shortest interval between two reports of counters. */
const REPORT_MS = 1_000;

/** With so much queued for a server that does not read, further puts wait in the journal only. */
const MAX_UNSENT_BYTES = 4 << 20;

type LinkFound = Omit<CacheEntry, "actionId">;

/** The server at the other end of a link. If it has gone, or hangs, lookups miss, and puts stay in the journal. */
export class LinkRemote implements RemoteBuilds {
  readonly #options: LinkRemoteOptions;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  readonly #gets = new Map<number, (found: LinkFound | MissReason) => void>();
  readonly #used = new IdList();
  /** The last messages that the server has to note, and has noted; it notes them in their order. */
  #lastToNote = 0;
  #lastNoted = 0;
  #hasPut = false;
  /** Whether the server has not been told of all puts. */
  #isBehind = false;
  #lastId = 0;
  #heardMs = performance.now();
  #reportedMs = performance.now();
  #reported: Record<string, number> = {};
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

  async get(actionId: string, onMiss?: OnMiss): Promise<CacheEntry | undefined> {
    const found = await this.#ask(actionId);
    if (typeof found !== "string") return { actionId, ...found };
    onMiss?.(found);
    return undefined;
  }

  used(actionId: string): void {
    if (isSha256(actionId)) this.#used.push(actionId);
  }

  /** First into this session's own journal: the server may be gone before it has read of it. */
  put(entry: LocalEntry): void {
    const { socket, journal } = this.#options;
    if (!isSharable(entry)) return;
    this.#hasPut = true;
    journal?.append([entry]);
    this.#isBehind ||= socket.unsentBytes > MAX_UNSENT_BYTES;
    if (this.#isBehind) return;
    this.#tell("put", ...linkEntry(entry));
    this.#reportCounts(REPORT_MS);
  }

  /** Waits until the server has noted what was put. The server uploads it later. */
  async drain(): Promise<void> {
    const { journal } = this.#options;
    if (!this.#hasPut || journal === undefined) return;
    if ((await this.#noted()) && !this.#isBehind) journal.discard();
    else journal.handOver();
  }

  async settle(): Promise<void> {
    const { socket, journal } = this.#options;
    this.#reportCounts(0);
    let isNoted = true;
    // One line at a time: all of a large build would have to wait in memory.
    for (const actionIds of this.#used.slices(MAX_LINE_IDS)) {
      if (isNoted) {
        this.#tell("used", actionIds);
        isNoted = await this.#noted();
      }
      if (!isNoted) journal?.append(actionIds.map((actionId) => ({ actionId })));
    }
    if (!isNoted) journal?.handOver();
    this.#used.clear();
    await socket.end(END_MS);
  }

  abort(): void {
    this.#options.socket.destroy();
  }

  /** Does nothing within `pauseMs` of the last report. */
  #reportCounts(pauseMs: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#reportedMs < pauseMs) return;
    const counts = this.#options.counters.snapshot();
    const news = Object.entries(counts).map(([name, count]) => [name, count - (this.#reported[name] ?? 0)]);
    this.#options.socket.write(formatMessage("counts", Object.fromEntries(news)));
    this.#reportedMs = nowMs;
    this.#reported = counts;
  }

  async #ask(actionId: string): Promise<LinkFound | MissReason> {
    const { socket } = this.#options;
    if (!socket.isOpen) return "fault";
    const n = ++this.#lastId;
    const got = Promise.withResolvers<LinkFound | MissReason>();
    this.#gets.set(n, got.resolve);
    this.#startWatch();
    socket.write(formatMessage("get", n, actionId));
    this.#reportCounts(REPORT_MS);
    return await got.promise;
  }

  /** Sends a message that the server has to note. */
  #tell(kind: string, ...fields: unknown[]): void {
    const { socket } = this.#options;
    this.#lastToNote = ++this.#lastId;
    if (socket.isOpen) socket.write(formatMessage(kind, this.#lastToNote, ...fields));
  }

  /** Waits, for a time, until the server has noted everything, and returns whether it has. */
  async #noted(): Promise<boolean> {
    if (!this.#isAllNoted && this.#options.socket.isOpen) {
      const quiet = Promise.withResolvers<void>();
      this.#onQuiet = quiet.resolve;
      const timer = setTimeout(quiet.resolve, END_MS);
      await quiet.promise;
      clearTimeout(timer);
    }
    return this.#isAllNoted;
  }

  get #isAllNoted(): boolean {
    return this.#lastNoted === this.#lastToNote;
  }

  #receive(bytes: Uint8Array): void {
    this.#heardMs = performance.now();
    try {
      for (const line of this.#reader.feed(bytes)) this.#take(line);
    } catch (error) {
      this.#disable(`sent an invalid message, ${(error as Error).message}`);
    }
  }

  #take(line: string): void {
    const { counters, log } = this.#options;
    const message = parseServerMessage(line);
    if (message.kind === "noted") {
      this.#lastNoted = message.n;
      if (this.#isAllNoted) this.#onQuiet();
    }
    if (message.kind === "alone") {
      counters.add(`left_alone_${message.why}`);
      log.info(() => message.text);
    }
    if (message.kind === "missed") {
      this.#answer(message.n, isMissReason(message.reason) ? message.reason : "unknown");
    }
    if (message.kind === "got") {
      const [outputId, sizeBytes, putTimeMs] = message.found;
      this.#answer(message.n, { outputId, sizeBytes, putTimeMs });
    }
  }

  #answer(n: number, found: LinkFound | MissReason): void {
    this.#gets.get(n)?.(found);
    this.#gets.delete(n);
    if (this.#gets.size === 0) this.#stopWatch();
  }

  #startWatch(): void {
    if (this.#watch !== undefined) return;
    this.#heardMs = performance.now();
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardMs <= SILENT_MS) return;
      this.#options.onSilent();
      this.#disable("does not answer");
    }, 500).unref();
  }

  #stopWatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #disable(why: string): void {
    const { log, address } = this.#options;
    log.warn(
      "server",
      `server on ${address} disabled for this command: it ${why} (see "go-cache-plugin serve --status")`,
    );
    this.#options.socket.destroy();
  }

  #ended(): void {
    this.#stopWatch();
    for (const resolve of this.#gets.values()) resolve("fault");
    this.#gets.clear();
    this.#onQuiet();
  }
}

/** go's ids are SHA-256 sums; a record has no place for others. */
function isSharable({ actionId, outputId }: LocalEntry): boolean {
  return isSha256(actionId) && isSha256(outputId);
}

function linkEntry({ actionId, outputId, sizeBytes, putTimeMs }: LocalEntry): LinkEntry {
  return [actionId, outputId, sizeBytes, Math.max(0, Math.floor(putTimeMs))];
}

export interface LinkRemoteOptions {
  socket: ClientSocket;
  /** For messages. */
  address: string;
  scope: Scope;
  /** Keeps what the server does not note; `undefined`: the server uses none. */
  journal: EntryJournal | undefined;
  /** Knows the entries that were used. */
  local: Pick<LocalCache, "get">;
  /** The session's counters, which are reported to the server. */
  counters: Counters;
  /** Called when the server hangs. */
  onSilent: () => void;
  log: Logger;
}
