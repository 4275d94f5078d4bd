/**
 * Connections to hosts that are not cached, for CONNECT and plain requests. Only with --forward-connect, only to the
 * web's ports and only into the public network: a proxy that others can reach must not open the private one to them.
 */
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import ipaddr from "ipaddr.js";
import { type Authority, formatAuthority } from "../authority.ts";
import { connectThrough } from "../origin/connect-through.ts";
import { parentProxy } from "../origin/parent-proxy.ts";
import type { ProxyLog } from "../proxy-log.ts";
import type { Refusal } from "../request-guard.ts";
import type { Scheme } from "../resource.ts";
import { allAddresses, isPublicAddress, type PinnedAddress, publicAddresses } from "./public-address.ts";

const DIAL_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 600_000;
const MAX_TUNNELS = 256;

const PORTS: Readonly<Record<Scheme, readonly number[]>> = { https: [443], http: [80] };

export interface TunnelOptions {
  isAllowed: boolean;
  /** Whether the server itself uses that host: then any port and address is allowed. */
  isConfigured?: (url: URL) => boolean;
  env: Readonly<Record<string, string | undefined>>;
  via: string;
  log: ProxyLog;
  /** Looks up a host, or rejects. By default only public addresses count. */
  addressesOf?: (host: string) => Promise<PinnedAddress[]>;
  /** The web's ports by default. */
  ports?: Readonly<Record<Scheme, readonly number[]>>;
}

export class Tunnels {
  readonly #options: TunnelOptions;
  readonly #open = new Set<Duplex>();

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  /** Where a connection may go: addresses, `proxy` when another proxy makes it, or why it is refused. */
  async decide(scheme: Scheme, authority: Authority): Promise<PinnedAddress[] | "proxy" | Refusal> {
    const {
      isAllowed,
      isConfigured = () => false,
      env,
      ports = PORTS,
      addressesOf = publicAddresses,
    } = this.#options;
    const name = formatAuthority(authority);
    const url = URL.parse(`${scheme}://${name}`);
    if (url !== null && isConfigured(url)) return await this.#decideConfigured(scheme, authority);
    if (!isAllowed) {
      const text = `${name} is not a host of --revproxy, and --forward-connect is not set`;
      return { status: 403, text };
    }
    if (!ports[scheme].includes(authority.port)) {
      return { status: 403, text: `${name}: only port ${ports[scheme].join(", ")} is allowed` };
    }
    const isLocalName = /(^|\.)localhost$/.test(authority.host);
    const proxy = parentProxy({ scheme, authority }, env);
    if (proxy !== undefined) {
      // Also forms such as 0x7f000001, which the other proxy would take for an address.
      const isAddress = ipaddr.isValid(authority.host);
      const isOutside = isAddress ? isPublicAddress(authority.host) : !isLocalName;
      return isOutside ? "proxy" : notPublic(name);
    }
    try {
      const addresses = await addressesOf(authority.host);
      return addresses.length > 0 ? addresses : notPublic(name);
    } catch {
      return noSuchHost(name);
    }
  }

  async #decideConfigured(
    scheme: Scheme,
    authority: Authority,
  ): Promise<PinnedAddress[] | "proxy" | Refusal> {
    if (parentProxy({ scheme, authority }, this.#options.env) !== undefined) return "proxy";
    return await allAddresses(authority.host).catch(() => noSuchHost(formatAuthority(authority)));
  }

  /** Connects a client that has sent CONNECT. Never rejects. */
  async connect(authority: Authority, client: Duplex, head: Buffer): Promise<void> {
    const { log, env, via } = this.#options;
    if (this.#open.size >= MAX_TUNNELS)
      return this.#refuse(client, { status: 503, text: "too many tunnels" });
    this.#open.add(client);
    client.once("close", () => this.#open.delete(client));
    const decision = await this.decide("https", authority);
    if (typeof decision === "object" && "status" in decision) return this.#refuse(client, decision);
    try {
      const proxy = parentProxy({ scheme: "https", authority }, env);
      const socket =
        decision === "proxy" && proxy !== undefined
          ? await connectThrough(proxy, authority, via)
          : await dial(decision as PinnedAddress[], authority.port);
      log.countConnection("fwd_conn_splice");
      socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
      splice(client, socket, head);
    } catch (error) {
      log.countConnection("fwd_conn_error");
      const text = `${formatAuthority(authority)} can't be reached`;
      log.info(() => `${text}: ${String(error)}`);
      refuseConnection(client, { status: 502, text });
    }
  }

  close(): void {
    for (const client of this.#open) client.destroy();
  }

  #refuse(client: Duplex, refusal: Refusal): void {
    this.#options.log.countConnection("fwd_conn_reject");
    refuseConnection(client, refusal);
  }
}

/** Says that the answer is not the origin's (RFC 9209). */
export const PROXY_STATUS = "go-cache-plugin; error=http_request_denied";

/** Refuses a CONNECT, and ends the connection. */
export function refuseConnection(client: Duplex, { status, text }: Refusal): void {
  const body = `${text}\n`;
  const head = `HTTP/1.1 ${status} ${status === 403 ? "Forbidden" : "Refused"}\r\nContent-Type: text/plain\r\n`;
  client.end(
    `${head}Proxy-Status: ${PROXY_STATUS}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function noSuchHost(name: string): Refusal {
  return { status: 502, text: `${name}: no such host` };
}

function notPublic(name: string): Refusal {
  return { status: 403, text: `${name} is not in the public network` };
}

/** Connects to the first address that answers. */
async function dial(addresses: PinnedAddress[], port: number): Promise<Socket> {
  let failure: unknown;
  for (const { address } of addresses) {
    try {
      return await dialOne(address, port);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function dialOne(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${DIAL_TIMEOUT_MS / 1000} s`)),
    DIAL_TIMEOUT_MS,
  );
  socket.once("connect", () => resolve(socket));
  socket.once("error", reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** Confirms the client's CONNECT, and passes bytes on in both directions, each until its end. */
function splice(client: Duplex, server: Socket, head: Buffer): void {
  const end = () => {
    client.destroy();
    server.destroy();
  };
  client.on("error", end);
  server.on("error", end);
  client.once("close", () => server.destroy());
  server.once("close", () => client.end());
  client.write("HTTP/1.1 200 OK\r\n\r\n");
  if (head.length > 0) server.write(head);
  client.pipe(server);
  server.pipe(client);
}
