/** One connection to `--plugin`: a go session through a bridge, or a link. */
import type { Socket } from "node:net";
import { BuildCache } from "../../../buildcache/build-cache.ts";
import type { LocalCache } from "../../../buildcache/local-cache.ts";
import type { RemoteBuilds } from "../../../buildcache/remote-builds.ts";
import { serveSession } from "../../../cacheprog/session.ts";
import { Counters } from "../../../lib/counters.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import {
  formatGreeting,
  formatMessage,
  LINK_WORD,
  parseOpening,
  type ServerInfo,
} from "../../../net/link-protocol.ts";
import type { ReadSession } from "../../../remote/read-session.ts";
import type { Scope } from "../../../remote/scope/scope.ts";
import { SessionNote } from "../../summary/session-note.ts";
import type { ServeParts } from "../parts.ts";
import { checkScope } from "./check-scope.ts";
import { serveLink } from "./link-session.ts";

/** The longest opening line: a scope with names of the greatest length. */
const MAX_OPENING_BYTES = 256 << 10;
const LINGER_MS = 10_000;
/** The most that is queued for a client that does not read. */
const MAX_UNREAD_BYTES = 16 << 20;

/** Shared by all connections. */
export interface PluginCaches {
  parts: ServeParts;
  local: LocalCache;
  /** The remote of a session of that scope; misses where there is none. */
  openRemote: (scope: Scope, session: ReadSession) => RemoteBuilds;
  /** The scope of sessions that come over a bridge. */
  bridgeScope: Scope;
}

export class PluginConnection {
  readonly #socket: Socket;
  readonly #caches: PluginCaches;
  /** `silent`: nothing that makes sense has come yet. */
  kind: "silent" | "bridge" | "link" = "silent";
  /** The scope of the session; `undefined` while silent. */
  scope: Scope | undefined;
  readonly startedMs = Date.now();
  /** The counters of this session alone. */
  readonly counters: Counters;

  /** An error of `socket` must be handled already. */
  constructor(socket: Socket, caches: PluginCaches) {
    this.#socket = socket;
    this.#caches = caches;
    this.counters = new Counters(caches.parts.counters);
  }

  /** Serves until the connection ends. Never rejects. */
  async serve(info: ServerInfo): Promise<void> {
    const { parts } = this.#caches;
    this.#write(formatGreeting(info));
    try {
      await this.#serve();
      this.#socket.end();
      // The client may not close after its last answer.
      setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    } catch (error) {
      parts.counters.add("sessions_malformed");
      parts.log.info(() => `session: ${describeError(error)}`);
      this.#socket.destroy();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #serve(): Promise<void> {
    const chunks = this.#socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let start = Buffer.alloc(0);
    while (start.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return;
      start = Buffer.concat([start, next.value]);
    }
    if (start[0] !== LINK_WORD.charCodeAt(0)) return await this.#serveBridge(from(start, chunks));
    for (let end = start.indexOf(10); ; end = start.indexOf(10)) {
      if (end !== -1) {
        return await this.#serveLink(start.toString("utf8", 0, end), from(start.subarray(end + 1), chunks));
      }
      if (start.length > MAX_OPENING_BYTES) throw new Error("the first line is too long");
      const next = await chunks.next();
      if (next.done === true) return;
      start = Buffer.concat([start, next.value]);
    }
  }

  async #serveLink(line: string, input: AsyncIterable<Uint8Array>): Promise<void> {
    const { parts, local, openRemote } = this.#caches;
    if (!line.startsWith(LINK_WORD)) throw new Error("the client is neither go nor connect");
    const scope = checkScope(parseOpening(line));
    if (scope === undefined) throw new Error("the client sent no valid scope");
    this.kind = "link";
    this.scope = scope;
    parts.counters.add("sessions_link");
    const remote = openRemote(scope, {
      onBypass: (why, text) => this.#write(formatMessage("alone", why, text)),
    });
    const { counters } = this;
    await serveLink({ input, write: (text) => this.#write(text), remote, local, counters });
  }

  async #serveBridge(input: AsyncIterable<Uint8Array>): Promise<void> {
    const { parts, local, openRemote, bridgeScope } = this.#caches;
    const { log, config, root, env, compileTimes } = parts;
    const { counters } = this;
    this.kind = "bridge";
    this.scope = bridgeScope;
    parts.counters.add("sessions_bridge");
    const remote = openRemote(bridgeScope, {});
    const { concurrency, job, remote: { project } = {} } = config;
    const onFirstPut = () => note.firstPut();
    const cache = new BuildCache({ local, remote, counters, log, concurrency, onFirstPut });
    const { lookups } = cache;
    const did = { counters, lookups, compileTimes, hasRemote: config.remote !== undefined };
    const note = new SessionNote({
      env,
      project,
      isServed: true,
      root,
      job,
      startedMs: this.startedMs,
      ...did,
    });
    const write = (text: string) => this.#write(text);
    try {
      const end = await serveSession({ input, write, cache, isGreeted: true });
      if (end.how === "close") write(end.answer);
    } finally {
      compileTimes.measured(lookups.compileTimes);
      note.goAnswered();
      await cache.settle();
    }
  }

  #write(text: string): void {
    if (!this.#socket.writable) return;
    this.#socket.write(text);
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy();
  }
}

async function* from(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
