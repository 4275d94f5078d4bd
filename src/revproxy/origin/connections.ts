/** Connections to origins: kept alive for the next request, or for one request each. */
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { type SecureContext, connect as tlsConnect } from "node:tls";
import { connectThrough } from "./connect-through.ts";

const TLS_LIMIT_MS = 15_000;

const KEPT = { keepAlive: true, maxSockets: 128, maxFreeSockets: 32, timeout: 60_000 };
const SINGLE = { keepAlive: false };

export interface ConnectionsOptions {
  trust: SecureContext;
  /** This program's entry in Via fields. */
  via: string;
  /** Limit of the TLS handshake through another proxy; 15 s by default. */
  tlsLimitMs?: number;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #agentOptions: http.AgentOptions;
  readonly #plain: http.Agent;
  readonly #direct: https.Agent;
  /** By the proxy's URL. */
  readonly #proxied = new Map<string, https.Agent>();

  /** `isKept`: a connection is kept alive for the next request, of any client. */
  constructor(options: ConnectionsOptions, { isKept }: { isKept: boolean }) {
    this.#options = options;
    this.#agentOptions = isKept ? KEPT : SINGLE;
    this.#plain = new http.Agent(this.#agentOptions);
    this.#direct = new https.Agent({ ...this.#agentOptions, secureContext: options.trust });
  }

  /** For plain HTTP, to the origin or to a proxy. */
  get plain(): http.Agent {
    return this.#plain;
  }

  /** For TLS to the origin. */
  secure(proxy: URL | undefined): https.Agent {
    if (proxy === undefined) return this.#direct;
    const known = this.#proxied.get(proxy.href);
    if (known !== undefined) return known;
    const agent = new ProxiedAgent(proxy, this.#options, this.#agentOptions);
    this.#proxied.set(proxy.href, agent);
    return agent;
  }

  close(): void {
    for (const agent of [this.#plain, this.#direct, ...this.#proxied.values()]) agent.destroy();
  }
}

/** TLS through another proxy. */
class ProxiedAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #options: ConnectionsOptions;

  constructor(proxy: URL, options: ConnectionsOptions, agentOptions: http.AgentOptions) {
    super(agentOptions);
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
        // The request's own time limit starts only after the handshake.
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
