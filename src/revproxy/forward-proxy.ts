/**
 * The forward proxy: requests in absolute form, and CONNECT. TLS to cached hosts ends here, with a certificate of the
 * proxy's own authority; for other hosts the rules of `tunnel/` apply.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { answerText } from "../lib/network/answer.ts";
import { type Authority, formatAuthority, isSameAuthority, parseAuthority } from "./authority.ts";
import type { CertificateAuthority } from "./certificates/certificate-authority.ts";
import type { Exchange } from "./exchange/exchange.ts";
import type { PlainForwarder } from "./exchange/plain-forwarder.ts";
import type { ProxyLog } from "./proxy-log.ts";
import { isForAuthority, refusalOf } from "./request-guard.ts";
import { DEFAULT_PORTS, isPath, parseAbsoluteForm, type Resource } from "./resource.ts";
import type { Targets } from "./targets.ts";
import { TlsEnd } from "./tls-end.ts";
import { refuseConnection, type Tunnels } from "./tunnel/tunnels.ts";

export interface ForwardProxyOptions {
  targets: Targets;
  /** `undefined`: there are no targets. */
  authority: CertificateAuthority | undefined;
  exchange: Exchange;
  /** Plain requests to other hosts. */
  forwarder: PlainForwarder;
  tunnels: Tunnels;
  log: ProxyLog;
  /** This program's name in Via. */
  viaToken: string;
}

export class CachingProxy {
  readonly #options: ForwardProxyOptions;
  readonly #tlsEnd: TlsEnd;
  /** Client connections with TLS that ends here. */
  readonly #connections = new Set<Socket>();

  constructor(options: ForwardProxyOptions) {
    this.#options = options;
    const { log } = options;
    this.#tlsEnd = new TlsEnd({
      serve: (to, request, response) => void this.#serveInner(to, request, response),
      refuse: (socket) =>
        refuseConnection(socket, { status: 405, text: "CONNECT is not allowed in a tunnel" }),
      onTlsError: (to, error) => {
        log.countConnection("proxy_conn_error");
        log.info(() => `TLS of a client for ${formatAuthority(to)}: ${error.message}`);
      },
    });
  }

  caPem(): string | undefined {
    return this.#options.authority?.cert;
  }

  /** A request in absolute form, which names the host; the Host field does not count. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { targets, exchange, forwarder, log } = this.#options;
    const resource = parseAbsoluteForm(request.url ?? "");
    if (this.#isRefused(request, response)) return;
    if (resource === undefined) {
      log.countConnection("http_proxy_reject");
      answerText(response, 400, "the request's target must be http://host/path");
      return;
    }
    log.countConnection("http_proxy_delegate");
    if (targets.has(resource.scheme, resource.authority)) await exchange.serve(resource, request, response);
    else await forwarder.forward(resource, request, response);
  }

  connect(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { targets, tunnels, log, viaToken } = this.#options;
    log.countConnection("proxy_conn_request");
    socket.on("error", () => socket.destroy());
    const authority = parseAuthority(request.url ?? "");
    const refusal = refusalOf(request, viaToken);
    if (refusal !== undefined || authority === undefined) {
      log.countConnection("proxy_conn_error");
      refuseConnection(socket, refusal ?? { status: 400, text: "the target of CONNECT must be host:port" });
    } else if (targets.has("https", authority)) {
      void this.#terminate(authority, socket, head).catch((error: unknown) => {
        log.countConnection("proxy_conn_error");
        log.info(() => `TLS for ${formatAuthority(authority)}: ${String(error)}`);
        refuseConnection(socket, {
          status: 503,
          text: `${formatAuthority(authority)} can't be served at the moment`,
        });
      });
    } else void tunnels.connect(authority, socket, head);
  }

  /** Ends all connections. */
  close(): void {
    this.#tlsEnd.close();
    for (const connection of this.#connections) connection.destroy();
    this.#options.tunnels.close();
  }

  async #terminate(authority: Authority, socket: Socket, head: Buffer): Promise<void> {
    const leaf = await this.#options.authority?.leafFor(authority.host);
    if (leaf === undefined) throw new Error("there is no certificate authority");
    this.#connections.add(socket);
    socket.once("close", () => this.#connections.delete(socket));
    this.#options.log.countConnection("proxy_conn_accept");
    this.#tlsEnd.accept(authority, leaf, socket, head);
  }

  async #serveInner(authority: Authority, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isRefused(request, response)) return;
    const resource = innerResource(request, authority);
    if (resource === undefined) answerText(response, 400, "the request's target is not a path");
    else if (!isForAuthority(request, authority, DEFAULT_PORTS.https)) {
      answerText(response, 421, `this connection is to ${formatAuthority(authority)} only`);
    } else await this.#options.exchange.serve(resource, request, response);
  }

  #isRefused(request: IncomingMessage, response: ServerResponse): boolean {
    const refusal = refusalOf(request, this.#options.viaToken);
    if (refusal === undefined) return false;
    this.#options.log.countConnection("http_proxy_reject");
    // Another program may take the following bytes for a part of this request.
    response.shouldKeepAlive = false;
    answerText(response, refusal.status, refusal.text);
    return true;
  }
}

function innerResource(request: IncomingMessage, authority: Authority): Resource | undefined {
  const target = request.url ?? "";
  if (target.startsWith("/"))
    return isPath(target) ? { scheme: "https", authority, path: target } : undefined;
  const resource = parseAbsoluteForm(target);
  const isSame = resource?.scheme === "https" && isSameAuthority(resource.authority, authority);
  return isSame ? resource : undefined;
}
