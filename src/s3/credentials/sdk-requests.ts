/**
 * Sends the AWS SDK's requests to credential services (token service, single sign-on) over the same connections as S3
 * requests: the SDK's own HTTP handler supports neither `HTTPS_PROXY` nor `AWS_CA_BUNDLE`.
 */
import { isLoopbackHost } from "../../lib/network/loopback-host.ts";
import { Connection } from "../connection.ts";

/** A request from the SDK to its HTTP handler; only the fields that these services use. */
interface SdkRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** Implements the SDK's HTTP handler, https://github.com/smithy-lang/smithy-typescript/tree/main/packages/types. */
export class SdkRequests {
  readonly #env: Record<string, string | undefined>;

  constructor(env: Record<string, string | undefined>) {
    this.#env = env;
  }

  async handle(request: SdkRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
    const url = urlOf(request);
    const connection = new Connection({ env: this.#env, isLoopback: isLoopbackHost(url.hostname) });
    try {
      const { method, headers, body } = request;
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      const response = await connection.send(url, {
        method,
        headers,
        body: bytes === undefined || bytes.length === 0 ? undefined : new Uint8Array(bytes),
        signal: abortSignal,
      });
      const content = await response.bytes();
      return {
        response: {
          statusCode: response.status,
          headers: Object.fromEntries(response.headers),
          body: content,
        },
      };
    } finally {
      await connection.close();
    }
  }

  /** This handler has no options. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) url.searchParams.append(name, one);
  }
  return url;
}
