/** Asks origins, on connections that are kept for the next request. */
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { type SecureContext, connect as tlsConnect } from "node:tls";
import type { Clock } from "../../lib/clock.ts";
import { isErrno } from "../../lib/errno.ts";
import { formatAuthority } from "../authority.ts";
import { DEFAULT_PORTS, formatResource, type Resource } from "../resource.ts";
import {
  fromRawHeaders,
  type HeaderList,
  hasHeader,
  headerValue,
  toRawHeaders,
  without,
} from "../semantics/header-list.ts";
import { endToEnd } from "../semantics/hop-by-hop.ts";
import type { ResponseHead } from "../semantics/response-head.ts";
import { connectThrough, proxyAuthorization } from "./connect-through.ts";
import { parentProxy } from "./parent-proxy.ts";

/** How long an origin may say nothing at all: some work long before the first byte of an answer. */
const SILENCE_MS = 120_000;

/** As long as the other proxy may take to connect. */
const TLS_LIMIT_MS = 15_000;

const CONNECTIONS = { keepAlive: true, maxSockets: 128, maxFreeSockets: 32, timeout: 60_000 };

/** Nothing has come from the origin: it can't be reached, or went away. */
export class UnreachableError extends Error {
  override name = "UnreachableError" as const;
  readonly isTimeout: boolean;

  constructor(resource: Resource, cause: unknown, isTimeout: boolean) {
    super(`${formatAuthority(resource.authority)} can't be reached`, { cause });
    this.isTimeout = isTimeout;
  }
}

export interface OriginRequest {
  method: string;
  /** End-to-end fields; Host is written anew. */
  headers: HeaderList;
  /** Sent on as it comes. */
  body?: IncomingMessage | undefined;
}

/** An answer's head, and its body still to be read, or destroyed. */
export interface OriginAnswer extends ResponseHead {
  reason: string;
  body: IncomingMessage;
  /** Whether its end can be told from a connection that broke off. */
  isDelimited: boolean;
}

export interface OriginClientOptions {
  env: Readonly<Record<string, string | undefined>>;
  trust: SecureContext;
  clock: Clock;
  /** How this program names itself to others on the way. */
  via: string;
  /** How long TLS may take to begin on a connection that another proxy has made; 15 s unless told. */
  tlsLimitMs?: number;
}

export class OriginClient {
  readonly #options: OriginClientOptions;
  readonly #plain = new http.Agent(CONNECTIONS);
  readonly #direct: https.Agent;
  /** By the address of the proxy. */
  readonly #proxied = new Map<string, https.Agent>();

  constructor(options: OriginClientOptions) {
    this.#options = options;
    this.#direct = new https.Agent({ ...CONNECTIONS, secureContext: options.trust });
  }

  /** Resolves when the answer's head has come. Rejects with an `UnreachableError`, or as `signal` says. */
  async send(resource: Resource, request: OriginRequest, signal: AbortSignal): Promise<OriginAnswer> {
    for (let attempt = 1; ; attempt++) {
      const sent = this.#request(resource, request);
      try {
        return await this.#answer(resource, request, sent, signal);
      } catch (error) {
        // A kept connection that the origin closed in this moment says nothing about the origin.
        const isStale = sent.reusedSocket && isErrno((error as Error).cause, "ECONNRESET", "EPIPE");
        if (!isStale || attempt > 1 || request.body !== undefined || signal.aborted) throw error;
      }
    }
  }

  close(): void {
    for (const agent of [this.#plain, this.#direct, ...this.#proxied.values()]) agent.destroy();
  }

  async #answer(
    resource: Resource,
    request: OriginRequest,
    sent: ClientRequest,
    signal: AbortSignal,
  ): Promise<OriginAnswer> {
    const requestedMs = this.#options.clock.nowMs();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    let isSilent = false;
    sent.once("response", resolve);
    sent.on("error", (cause) => reject(new UnreachableError(resource, cause, isSilent)));
    sent.setTimeout(SILENCE_MS, () => {
      isSilent = true;
      sent.destroy(new Error(`silent for ${SILENCE_MS / 1000} s`));
    });
    const abort = () => {
      reject(signal.reason);
      sent.destroy();
    };
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    if (request.body === undefined) sent.end();
    else request.body.pipe(sent);
    try {
      const body = await promise;
      body.on("error", () => undefined);
      const answer = this.#describe(request, body, requestedMs);
      if (!isPlainOrChunked(body)) {
        body.destroy();
        throw new Error("the origin answers in a transfer coding that nobody asked for");
      }
      return answer;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #describe({ method }: OriginRequest, body: IncomingMessage, requestedMs: number): OriginAnswer {
    const raw = fromRawHeaders(body.rawHeaders);
    const status = body.statusCode ?? 502;
    const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
    return {
      status,
      reason: body.statusMessage ?? "",
      headers: endToEnd(raw),
      requestedMs,
      receivedMs: this.#options.clock.nowMs(),
      body,
      isDelimited:
        !hasBody ||
        hasHeader(raw, "content-length") ||
        /(^|,)\s*chunked\s*$/i.test(headerValue(raw, "transfer-encoding") ?? ""),
    };
  }

  #request(resource: Resource, { method, headers, body }: OriginRequest): ClientRequest {
    const { scheme, authority, path } = resource;
    const proxy = parentProxy(resource, this.#options.env);
    const viaValue = [
      ...headers.filter(([name]) => /^via$/i.test(name)).map(([, value]) => value),
      this.#options.via,
    ];
    const isChunked = body !== undefined && !hasHeader(headers, "content-length");
    const list: HeaderList = [
      ["Host", formatAuthority(authority, DEFAULT_PORTS[scheme])],
      ...without(headers, ["host", "via", "expect"]),
      ["Via", viaValue.join(", ")],
      ...(isChunked ? [["Transfer-Encoding", "chunked"] as const] : []),
    ];
    const common = { method, setHost: false, headers: toRawHeaders(list) };
    if (scheme === "https") {
      const { host, port } = authority;
      const servername = /^[\d.]+$|:/.test(host) ? "" : host;
      const agent = proxy === undefined ? this.#direct : this.#throughProxy(proxy);
      return https.request({ ...common, host, port, path, servername, agent });
    }
    if (proxy === undefined) {
      return http.request({
        ...common,
        host: authority.host,
        port: authority.port,
        path,
        agent: this.#plain,
      });
    }
    const auth = Object.entries(proxyAuthorization(proxy)).flat();
    return http.request({
      ...common,
      headers: [...common.headers, ...auth],
      host: proxy.hostname,
      port: proxy.port || 80,
      path: formatResource(resource),
      agent: this.#plain,
    });
  }

  #throughProxy(proxy: URL): https.Agent {
    const known = this.#proxied.get(proxy.href);
    if (known !== undefined) return known;
    const agent = new ProxiedAgent(proxy, this.#options);
    this.#proxied.set(proxy.href, agent);
    return agent;
  }
}

/** Whether what is read is the body itself: no other coding may come where no TE was sent (RFC 9112 §7.4). */
function isPlainOrChunked({ rawHeaders }: IncomingMessage): boolean {
  const coding = headerValue(fromRawHeaders(rawHeaders), "transfer-encoding");
  return coding === undefined || /^\s*(chunked|identity)\s*$/i.test(coding);
}

/** TLS on connections that another proxy makes. */
class ProxiedAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #options: OriginClientOptions;

  constructor(proxy: URL, options: OriginClientOptions) {
    super(CONNECTIONS);
    this.#proxy = proxy;
    this.#options = options;
  }

  override createConnection(
    { host, port, servername }: { host?: string; port?: number; servername?: string },
    callback?: (error: Error | null, socket: Socket) => void,
  ): undefined {
    const { via, trust, tlsLimitMs = TLS_LIMIT_MS } = this.#options;
    const done = callback as (error: Error | null, socket?: Socket) => void;
    connectThrough(this.#proxy, { host: host ?? "", port: Number(port) }, via)
      .then((socket) => {
        const secure = tlsConnect({ socket, servername: servername ?? "", secureContext: trust });
        // The request, and with it its own limit, comes to the connection only when that is done.
        const limit = setTimeout(() => {
          secure.destroy(new Error(`no TLS from ${host} within ${tlsLimitMs / 1000} s`));
        }, tlsLimitMs);
        secure.once("secureConnect", () => {
          clearTimeout(limit);
          done(null, secure);
        });
        secure.once("error", (error) => {
          clearTimeout(limit);
          done(error);
        });
      })
      .catch((error: Error) => done(error));
    return undefined;
  }
}
