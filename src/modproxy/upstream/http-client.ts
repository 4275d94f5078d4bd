/**
 * GET requests as module proxies and checksum databases want them: raw bytes, redirects followed, credentials only to
 * the origin that was asked first, and a deadline for everything.
 */
import { Deadline } from "../../lib/async/deadline.ts";
import { proxyForUrl, proxyRefusal } from "../../lib/network/env-proxy.ts";
import { isHttpUrl } from "../../lib/network/http-url.ts";
import { ModError } from "../mod-error.ts";

/** The longest wait for an answer's head, and between two chunks of its body. */
const STALL_MS = 30_000;

const MAX_REDIRECTS = 10;

type Environment = Readonly<Record<string, string | undefined>>;

/** An answer whose body is still to come. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Whether a request that led here carried credentials: a server may repeat them in its error text. */
  sentCredentials: boolean;
  /** Rejects when nothing comes for `STALL_MS`. Read it to its end or cancel it. */
  body: ReadableStream<Uint8Array> | null;
  /** The time limit; dispose of it when the body was read. */
  deadline: Deadline;
}

export class HttpClient {
  readonly #netrc: ReadonlyMap<string, string>;
  readonly #via: string;
  readonly #env: Environment;
  readonly #stallMs: number;

  /** `via` goes into each request, so that a proxy which asks itself notices. `env` names proxies. */
  constructor(options: {
    netrc: ReadonlyMap<string, string>;
    via: string;
    env: Environment;
    stallMs?: number;
  }) {
    this.#env = options.env;
    this.#netrc = options.netrc;
    this.#via = options.via;
    this.#stallMs = options.stallMs ?? STALL_MS;
  }

  get stallMs(): number {
    return this.#stallMs;
  }

  async get(
    url: string,
    options: { authorization?: string | undefined; headers?: Record<string, string>; signal: AbortSignal },
  ): Promise<HttpAnswer> {
    const deadline = new Deadline(this.#stallMs, options.signal);
    try {
      return { ...(await this.#follow(new URL(url), options, deadline.signal)), deadline };
    } catch (error) {
      deadline[Symbol.dispose]();
      throw error;
    }
  }

  async #follow(
    first: URL,
    options: { authorization?: string | undefined; headers?: Record<string, string> },
    signal: AbortSignal,
  ) {
    // For the place that was asked and no other: a redirect must not choose who gets a password, nor what it is spent on.
    const own = this.#authorization(first, options.authorization);
    let url = first;
    let sentCredentials = false;
    for (let redirects = 0; ; redirects++) {
      const authorization = url.origin === first.origin ? own : undefined;
      const headers = { ...options.headers, via: this.#via, ...(authorization && { authorization }) };
      // HTTPS_PROXY is not for this machine itself.
      const proxy = isLoopback(url.hostname) ? undefined : proxyForUrl(url, this.#env);
      // The query of a redirect's target is what a storage has signed.
      sentCredentials ||= [authorization, url.username, url.password, url.search, proxy?.username].some(
        Boolean,
      );
      const answer = await fetch(url.href, {
        headers,
        signal,
        redirect: "manual",
        decompress: false,
        proxy: proxy?.href ?? false,
      } as RequestInit);
      const refusal = proxyRefusal(answer, proxy);
      if (refusal !== undefined) {
        await answer.body?.cancel();
        throw new Error(refusal);
      }
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get("location") : null;
      if (location === null) {
        return { status: answer.status, headers: answer.headers, body: answer.body, sentCredentials };
      }
      await answer.body?.cancel();
      if (redirects === MAX_REDIRECTS)
        throw new ModError(502, `upstream sends more than ${MAX_REDIRECTS} redirects`);
      url = redirectTarget(location, url);
    }
  }

  /** netrc's passwords are not sent in the clear to another machine. */
  #authorization(url: URL, given: string | undefined): string | undefined {
    if (given !== undefined) return given;
    const isSafe = url.protocol === "https:" || isLoopback(url.hostname);
    return isSafe ? this.#netrc.get(url.hostname) : undefined;
  }
}

/** Throws a `ModError`, whose text holds nothing of the URL but its scheme: the rest may be a secret. */
function redirectTarget(location: string, from: URL): URL {
  const url = URL.parse(location, from.href);
  if (url === null) throw new ModError(502, "upstream redirects to something that is not a URL");
  const { protocol } = url;
  if (!isHttpUrl(url))
    throw new ModError(502, `upstream redirects to ${protocol}, only http: and https: are followed`);
  if (from.protocol === "https:" && protocol !== "https:")
    throw new ModError(502, "upstream redirects from https: to http:, which is not followed");
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\./.test(host);
}
