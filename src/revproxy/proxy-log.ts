/** Counters and debug lines, named as tailscale/go-cache-plugin names them. */

import { DEBUG_BITS, type Logger } from "../lib/logger.ts";
import { describeError } from "../lib/text/describe-error.ts";
import { formatResource, type Resource } from "./resource.ts";

export interface ProxyLogOptions {
  log: Logger;
  /** Adds to a counter. */
  count: (name: string, amount?: number) => void;
}

export class ProxyLog {
  readonly #log: Logger;
  readonly #count: (name: string, amount?: number) => void;

  constructor({ log, count }: ProxyLogOptions) {
    this.#log = log;
    this.#count = count;
  }

  /** Counts for the cache: `req_received`, `rsp_save`, … */
  count(name: string, amount?: number): void {
    this.#count(`rev_${name}`, amount);
  }

  /** Counts connections: `http_proxy_reject`, `fwd_conn_splice`, … */
  countConnection(name: string): void {
    this.#count(`proxy_${name}`);
  }

  begin(resource: Resource, isCacheable: boolean): void {
    this.count("req_received");
    this.#debug(() => `rp B U:"${shown(resource)}" H:${keyOf(resource)} C:${isCacheable}`);
  }

  hit(resource: Resource, where: "mem" | "disk" | "S3", sizeBytes: number): void {
    this.#debug(() => `rp E H:${keyOf(resource)} hit ${where} B:${sizeBytes}`);
  }

  fetched(resource: Resource, kept: "no" | "mem" | "yes"): void {
    this.#debug(() => `rp E H:${keyOf(resource)} fetch RC:${kept}`);
  }

  failed(resource: Resource, error: unknown): void {
    this.#debug(() => `rp E H:${keyOf(resource)} error ${describeError(error)}`);
    this.#log.info(() => `${shown(resource)}: ${describeError(error)}`);
  }

  notKept(resource: Resource, error: unknown): void {
    this.count("rsp_save_error");
    this.#log.info(() => `${shown(resource)} not stored: ${describeError(error)}`);
  }

  info(message: () => string): void {
    this.#log.info(message);
  }

  #debug(message: () => string): void {
    this.#log.debug(DEBUG_BITS.proxy, message);
  }
}

/** Without the query, which may hold the client's signatures and tokens. */
function shown(resource: Resource): string {
  return formatResource(resource).replace(/\?.*$/s, "?…");
}

/** The value of `X-Cache-Id`: the same for a resource on every machine. */
export function keyOf(resource: Resource): string {
  return new Bun.CryptoHasher("sha256").update(formatResource(resource)).digest("hex").slice(0, 12);
}
