/** Connections to origins: kept for the next request, or for one request each. */
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { type SecureContext, connect as tlsConnect } from "node:tls";
import { connectThrough } from "./connect-through.ts";

/** As long as the other proxy may take to connect. */
const TLS_LIMIT_MS = 15_000;

const KEPT = { keepAlive: true, maxSockets: 128, maxFreeSockets: 32, timeout: 60_000 };
const SINGLE = { keepAlive: false };

export interface ConnectionsOptions {
  trust: SecureContext;
  /** How this program names itself to others on the way. */
  via: string;
  /** How long TLS may take to begin on a connection that another proxy has made; 15 s by default. */
  tlsLimitMs?: number;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #agentOptions: http.AgentOptions;
  readonly #plain: http.Agent;
  readonly #direct: https.Agent;
  /** By the address of the proxy. */
  readonly #proxied = new Map<string, https.Agent>();

  /** `isKept`: a connection is kept for the next request, whoever sends that. */
  constructor(options: ConnectionsOptions, { isKept }: { isKept: boolean }) {
    this.#options = options;
    this.#agentOptions = isKept ? KEPT : SINGLE;
    this.#plain = new http.Agent(this.#agentOptions);
    this.#direct = new https.Agent({ ...this.#agentOptions, secureContext: options.trust });
  }

  /** For plain HTTP, straight to the origin or to a proxy. */
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

/** TLS on connections that another proxy makes. */
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
