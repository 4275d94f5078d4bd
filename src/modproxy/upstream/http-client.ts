/**
 * GET requests for module proxies and checksum databases: raw bytes, redirects followed, credentials only for the first
 * origin, and a deadline for everything.
 */
import { Deadline } from "../../lib/async/deadline.ts";
import { proxyForUrl, proxyRefusal } from "../../lib/network/env-proxy.ts";
import { isHttpUrl } from "../../lib/network/http-url.ts";
import { ModError } from "../mod-error.ts";

/** The longest wait for an answer's head, and for each chunk of its body. */
export const STALL_MS = 30_000;

const MAX_REDIRECTS = 10;

type Environment = Readonly<Record<string, string | undefined>>;

/** An answer with an unread body. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Whether any request up to here had credentials: a server may repeat them in its error text. */
  sentCredentials: boolean;
  /** Rejects when nothing comes for `STALL_MS`. Read it to its end or cancel it. */
  body: ReadableStream<Uint8Array> | null;
  /** Dispose of it when the body was read. */
  deadline: Deadline;
}

export class HttpClient {
  readonly #netrc: ReadonlyMap<string, string>;
  readonly #via: string;
  readonly #env: Environment;

  /** `via`: a header of each request, so that a proxy notices that it is its own upstream. `env` names HTTP proxies. */
  constructor(options: { netrc: ReadonlyMap<string, string>; via: string; env: Environment }) {
    this.#env = options.env;
    this.#netrc = options.netrc;
    this.#via = options.via;
  }

  async get(
    url: string,
    options: { authorization?: string | undefined; headers?: Record<string, string>; signal: AbortSignal },
  ): Promise<HttpAnswer> {
    const deadline = new Deadline(STALL_MS, options.signal);
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
  ): Promise<Omit<HttpAnswer, "deadline">> {
    // Only for the first origin: a redirect must not choose who gets a password, nor what for.
    const own = this.#authorization(first, options.authorization);
    let url = first;
    let sentCredentials = false;
    for (let redirects = 0; ; redirects++) {
      const authorization = url.origin === first.origin ? own : undefined;
      const headers = { ...options.headers, via: this.#via, ...(authorization && { authorization }) };
      // HTTPS_PROXY is not for this machine itself.
      const proxy = isLoopback(url.hostname) ? undefined : proxyForUrl(url, this.#env);
      // A redirect's query may be a signature.
      const secrets = [authorization, url.username, url.password, url.search, proxy?.username];
      sentCredentials ||= secrets.some(Boolean);
      const { status, headers: fields, body } = await send(url, { headers, signal, proxy });
      const location = status >= 300 && status < 400 ? fields.get("location") : null;
      if (location === null) return { status, headers: fields, body, sentCredentials };
      await body?.cancel();
      if (redirects === MAX_REDIRECTS)
        throw new ModError(502, `upstream sends more than ${MAX_REDIRECTS} redirects`);
      url = redirectTarget(location, url);
    }
  }

  /** Passwords from netrc never go unencrypted to another machine. */
  #authorization(url: URL, given: string | undefined): string | undefined {
    if (given !== undefined) return given;
    const isSafe = url.protocol === "https:" || isLoopback(url.hostname);
    return isSafe ? this.#netrc.get(url.hostname) : undefined;
  }
}

/** Sends one request; rejects when the HTTP proxy refuses it. */
async function send(
  url: URL,
  {
    headers,
    signal,
    proxy,
  }: { headers: Record<string, string>; signal: AbortSignal; proxy: URL | undefined },
): Promise<Response> {
  const answer = await fetch(url.href, {
    headers,
    signal,
    redirect: "manual",
    decompress: false,
    proxy: proxy?.href ?? false,
  } as RequestInit);
  const refusal = proxyRefusal(answer, proxy);
  if (refusal === undefined) return answer;
  await answer.body?.cancel();
  throw new Error(refusal);
}

/** Throws a `ModError` that names only the URL's scheme: the rest may be a secret. */
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
