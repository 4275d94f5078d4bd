/** Sends requests to origins, over connections that are kept alive. */
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import https from "node:https";
import { abortable } from "../../lib/async/abortable.ts";
import type { Clock } from "../../lib/async/clock.ts";
import { isErrno } from "../../lib/files/errno.ts";
import { hostOf } from "../../lib/network/http-url.ts";
import { formatAuthority } from "../authority.ts";
import { DEFAULT_PORTS, formatResource, type Resource } from "../resource.ts";
import { framingOf, withoutFraming } from "../semantics/framing.ts";
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
import { proxyAuthorization } from "./connect-through.ts";
import { Connections, type ConnectionsOptions } from "./connections.ts";
import { parentProxy } from "./parent-proxy.ts";

/** How long an origin may be silent: some work long before the first byte of an answer. */
const SILENCE_MS = 120_000;

/** How many interim answers (1xx) an origin may send. */
const MAX_INTERIM = 32;

/** The origin can't be reached, or closed the connection before it answered. */
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
  /** End-to-end fields, without Host and the fields that frame the body: `send` adds those. */
  headers: HeaderList;
  /** The client's request; its body is streamed to the origin. */
  body?: IncomingMessage | undefined;
  /** The host's address; `undefined`: it is looked up, or another proxy does that. */
  address?: string | undefined;
  /** Whether the connection is for this request only, as it is for every request with a body. */
  isAlone?: boolean;
}

/** An answer's head, and its body, which must be read or destroyed. */
export interface OriginAnswer extends ResponseHead {
  reason: string;
  body: IncomingMessage;
  /** Whether the end of the body differs from a broken connection. */
  isDelimited: boolean;
}

export interface OriginClientOptions extends ConnectionsOptions {
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
}

export class OriginClient {
  readonly #options: OriginClientOptions;
  readonly #kept: Connections;
  readonly #single: Connections;

  constructor(options: OriginClientOptions) {
    this.#options = options;
    this.#kept = new Connections(options, { isKept: true });
    this.#single = new Connections(options, { isKept: false });
  }

  /** Resolves with the answer's head. Rejects with an `UnreachableError`, or the signal's reason. */
  async send(resource: Resource, request: OriginRequest, signal: AbortSignal): Promise<OriginAnswer> {
    for (let attempt = 1; ; attempt++) {
      const sent = this.#request(resource, request);
      try {
        return await this.#answer(resource, request, sent, signal);
      } catch (error) {
        // The origin may close an idle connection at the moment of a request: that is no failure.
        const isStale = sent.reusedSocket && isErrno((error as Error).cause, "ECONNRESET", "EPIPE");
        if (!isStale || attempt > 1 || request.body !== undefined || signal.aborted) throw error;
      }
    }
  }

  close(): void {
    this.#kept.close();
    this.#single.close();
  }

  async #answer(
    resource: Resource,
    request: OriginRequest,
    sent: ClientRequest,
    signal: AbortSignal,
  ): Promise<OriginAnswer> {
    const requestedMs = this.#options.clock.nowMs();
    const answered = abortable(finalAnswer(resource, sent), signal);
    const abort = () => sent.destroy();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    sendBody(request.body, sent);
    try {
      const body = await answered;
      body.on("error", () => undefined);
      // After a complete answer the origin does not need the rest of an upload.
      body.once("end", () => {
        if (request.body?.complete === false) sent.destroy();
      });
      const answer = this.#describe(request, body, requestedMs);
      // This runtime takes a broken connection for the end of a body without a length.
      if (!answer.isDelimited) sent.once("error", (cause) => body.destroy(cause));
      if (isPlainOrChunked(body)) return answer;
      body.destroy();
      throw new Error("the origin answers in a transfer coding that was not requested");
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

  #request(resource: Resource, request: OriginRequest): ClientRequest {
    const { scheme, authority, path } = resource;
    const { method, body, address, isAlone = false } = request;
    const connections = isAlone || body !== undefined ? this.#single : this.#kept;
    const proxy = address === undefined ? parentProxy(resource, this.#options.env) : undefined;
    const common: RequestOptions = {
      method,
      setHost: false,
      headers: toRawHeaders(this.#fields(resource, request)),
    };
    const host = address ?? authority.host;
    if (scheme === "https") {
      const servername = /^[\d.]+$|:/.test(authority.host) ? "" : authority.host;
      const agent = connections.secure(proxy);
      return https.request({ ...common, host, port: authority.port, path, servername, agent });
    }
    const agent = connections.plain;
    if (proxy === undefined) return http.request({ ...common, host, port: authority.port, path, agent });
    const auth = Object.entries(proxyAuthorization(proxy)).flat();
    return http.request({
      ...common,
      headers: [...(common.headers as string[]), ...auth],
      host: hostOf(proxy),
      port: proxy.port || 80,
      path: formatResource(resource),
      agent,
    });
  }

  #fields({ scheme, authority }: Resource, { headers, body }: OriginRequest): HeaderList {
    const via = headers.filter(([name]) => /^via$/i.test(name)).map(([, value]) => value);
    return [
      ["Host", formatAuthority(authority, DEFAULT_PORTS[scheme])],
      ...without(withoutFraming(headers), ["host", "via", "expect"]),
      ["Via", [...via, this.#options.via].join(", ")],
      ...(body === undefined ? [] : framingOf(fromRawHeaders(body.rawHeaders))),
    ];
  }
}

/**
 * Waits for the answer after the interim ones. Destroys `sent` when the origin is silent or sends too many of these.
 */
async function finalAnswer(resource: Resource, sent: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let isSilent = false;
  let interim = 0;
  sent.on("information", () => {
    if (++interim <= MAX_INTERIM) return;
    reject(new Error(`the origin sends more than ${MAX_INTERIM} interim answers`));
    sent.destroy();
  });
  sent.once("response", resolve);
  sent.once("upgrade", (_answer, socket) => {
    socket.destroy();
    reject(new Error("the origin switches to a protocol that was not requested"));
  });
  sent.on("error", (cause) => reject(new UnreachableError(resource, cause, isSilent)));
  sent.setTimeout(SILENCE_MS, () => {
    isSilent = true;
    sent.destroy(new Error(`silent for ${SILENCE_MS / 1000} s`));
  });
  return await promise;
}

/** Streams the body, if any. A broken upload ends the connection: the origin must not take a part for the whole. */
function sendBody(body: IncomingMessage | undefined, sent: ClientRequest): void {
  if (body === undefined) {
    sent.end();
    return;
  }
  body.once("close", () => {
    if (!body.complete) sent.destroy(new Error("the client disconnected"));
  });
  body.pipe(sent);
}

/** Whether the bytes are the body itself: without TE no other coding is allowed (RFC 9112 §7.4). */
function isPlainOrChunked({ rawHeaders }: IncomingMessage): boolean {
  const coding = headerValue(fromRawHeaders(rawHeaders), "transfer-encoding");
  return coding === undefined || /^\s*(chunked|identity)\s*$/i.test(coding);
}
