/** Sends requests with fetch, over connections that each client keeps open between requests. */
import { readFile } from "node:fs/promises";
import { proxyForUrl, proxyRefusal } from "../lib/network/env-proxy.ts";
import { isHttpUrl } from "../lib/network/http-url.ts";

/** How to connect. */
export interface ConnectionOptions {
  /** `AWS_CA_BUNDLE` names further trusted certificates; `HTTPS_PROXY` and the like name a proxy. */
  env: Record<string, string | undefined>;
  /** Connects directly: a proxy can't reach servers on this machine. */
  isLoopback: boolean;
}

/** One request, ready to send. */
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
   * Sends one request and returns the server's answer, which may be a redirect. Rejects if there is no answer, or if a
   * proxy refuses the request.
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
      // Objects are returned as stored, and a redirect needs another signature.
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

/** The `ca` option replaces the default certificates, so the list includes them. */
async function trustedCertificates(bundlePath: string): Promise<string[]> {
  const bundle = await readFile(bundlePath, "utf8").catch((cause: unknown) => {
    throw new Error(`AWS_CA_BUNDLE names ${bundlePath}, which can't be read`, { cause });
  });
  // Loaded where there is a bundle: it would delay go's first miss by milliseconds.
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system"), bundle])];
}
