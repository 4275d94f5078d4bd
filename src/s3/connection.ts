/** How requests travel: over fetch, with connections of this client's own that are kept open between requests. */
import { readFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";
import { proxyForUrl, proxyRefusal } from "../lib/network/env-proxy.ts";
import { isHttpUrl } from "../lib/network/http-url.ts";

/** What decides how to connect. */
export interface ConnectionOptions {
  /** `AWS_CA_BUNDLE` names certificates to trust besides the usual ones; `HTTPS_PROXY` and the like, a proxy. */
  env: Record<string, string | undefined>;
  /** No proxy can reach this machine's own servers. */
  isLoopback: boolean;
}

/** One request, ready to be sent. */
export interface OutgoingRequest {
  method: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined;
  signal: AbortSignal | undefined;
}

export class Connection {
  readonly #options: ConnectionOptions;
  #session: Promise<Bun.FetchSession> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * Sends one request and returns what the server answers, a redirect too. Rejects when it does not, also when a proxy
   * answers in its place.
   */
  async send(url: URL, { method, headers, body, signal }: OutgoingRequest): Promise<Response> {
    if (!isHttpUrl(url)) throw new Error(`a request can't go to ${url.protocol}, only to http: and https:`);
    this.#session ??= openSession(this.#options);
    const session = await this.#session;
    const { env, isLoopback } = this.#options;
    const proxy = isLoopback ? undefined : proxyForUrl(url, env);
    const response = await session.fetch(url, {
      proxy: proxy?.href ?? false,
      method,
      headers,
      // A stored object is handed on as stored, and a redirect needs another signature.
      decompress: false,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    } as BunFetchRequestInit);
    const refusal = proxyRefusal(response, proxy);
    if (refusal === undefined) return response;
    await response.body?.cancel();
    throw new Error(refusal);
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    session?.close();
  }
}

async function openSession({ env }: ConnectionOptions): Promise<Bun.FetchSession> {
  const bundle = env.AWS_CA_BUNDLE;
  return new Bun.FetchSession({
    ...(bundle ? { tls: { ca: await trustedCertificates(bundle) } } : {}),
  });
}

/** Naming any certificate replaces the ones that are trusted by default, so those are named as well. */
async function trustedCertificates(bundlePath: string): Promise<string[]> {
  const bundle = await readFile(bundlePath, "utf8").catch((cause: unknown) => {
    throw new Error(`AWS_CA_BUNDLE names ${bundlePath}, which can't be read`, { cause });
  });
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system"), bundle])];
}
