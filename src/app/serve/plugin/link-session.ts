/** The server's end of a link; see `net/link-protocol.ts`. */
import type { LocalCache } from "../../../buildcache/local-cache.ts";
import type { MissReason } from "../../../buildcache/miss-reason.ts";
import type { RemoteBuilds } from "../../../buildcache/remote-builds.ts";
import type { Counters } from "../../../lib/counters.ts";
import { LineReader } from "../../../net/line-reader.ts";
import {
  type ClientMessage,
  formatMessage,
  type LinkEntry,
  MAX_LINE_BYTES,
  parseClientMessage,
} from "../../../net/link-protocol.ts";
import { SESSION_COUNTERS } from "../../summary/job-counts.ts";

const ALIVE_MS = 1_000;

/** go looks up as many at once as it has processors; a client with more is not a go command's helper. */
const MAX_LOOKUPS = 10_000;

export interface LinkSessionOptions {
  /** The connection's bytes after the opening line. */
  input: AsyncIterable<Uint8Array>;
  write: (text: string) => void;
  remote: RemoteBuilds;
  local: LocalCache;
  counters: Counters;
}

/** Serves until the connection ends. Rejects at an invalid message. */
export async function serveLink(options: LinkSessionOptions): Promise<void> {
  const session = new LinkSession(options);
  const reader = new LineReader(MAX_LINE_BYTES);
  try {
    for await (const chunk of options.input) {
      for (const line of reader.feed(chunk)) session.take(parseClientMessage(line));
    }
  } finally {
    session.end();
    await options.remote.settle();
  }
}

class LinkSession {
  readonly #options: LinkSessionOptions;
  #looking = 0;
  #beat: ReturnType<typeof setInterval> | undefined;

  constructor(options: LinkSessionOptions) {
    this.#options = options;
  }

  take(message: ClientMessage): void {
    if (message.kind === "get") {
      if (this.#looking >= MAX_LOOKUPS) throw new Error(`more than ${MAX_LOOKUPS} lookups at once`);
      void this.#get(message);
    } else if (message.kind === "put") this.#put(message);
    else if (message.kind === "used") this.#used(message);
    else this.#count(message.counts);
  }

  end(): void {
    clearInterval(this.#beat);
  }

  async #get({ n, actionId }: { n: number; actionId: string }): Promise<void> {
    const { remote, write } = this.#options;
    this.#looking++;
    this.#beat ??= setInterval(() => {
      if (this.#looking > 0) write(formatMessage());
    }, ALIVE_MS).unref();
    const startedMs = performance.now();
    let reason: MissReason = "unknown";
    const found = await remote.get(actionId, (why) => {
      reason = why;
    });
    this.#options.counters.time(found === undefined ? "get_remote_miss" : "get_remote_hit", startedMs);
    this.#looking--;
    if (found === undefined) write(formatMessage("got", n, reason));
    else write(formatMessage("got", n, found.outputId, found.sizeBytes, Math.floor(found.putTimeMs)));
  }

  #put({ n, entry }: { n: number; entry: LinkEntry }): void {
    const { remote, local, write } = this.#options;
    const found = local.findOutput(entry[1]);
    // A missing output can't be uploaded.
    if (found !== undefined && found.sizeBytes === entry[2]) remote.put({ ...named(entry), ...found });
    write(formatMessage("noted", n));
  }

  #used({ n, actionIds }: { n: number; actionIds: string[] }): void {
    const { remote, write } = this.#options;
    for (const actionId of actionIds) remote.used(actionId);
    write(formatMessage("noted", n));
  }

  #count(counts: Record<string, number>): void {
    for (const name of SESSION_COUNTERS) this.#options.counters.add(name, counts[name] ?? 0);
  }
}

function named([actionId, outputId, sizeBytes, putTimeMs]: LinkEntry) {
  return { actionId, outputId, sizeBytes, putTimeMs };
}
