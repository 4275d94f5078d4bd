/** Terminates the TLS of tunnels, with the certificate of the host that the client connects to. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { limitIdling, writeLatin1 } from "../lib/network/adopted-connections.ts";
import { serveInTurn } from "../lib/network/turns.ts";
import type { Authority } from "./authority.ts";
import type { KeyedCertificate } from "./certificates/issue.ts";

/** How long a client may take to send a request's head, and keep an idle connection. */
const HEAD_LIMIT_MS = 30_000;
const IDLE_MS = 60_000;
const MAX_HEAD_BYTES = 64 << 10;

export interface TlsEndOptions {
  /** A request that came through a tunnel to `authority`. */
  serve: (authority: Authority, request: IncomingMessage, response: ServerResponse) => void;
  /** CONNECT within a tunnel. */
  refuse: (socket: Duplex) => void;
  /** A failed handshake, most likely because the client does not trust the certificate. */
  onTlsError: (authority: Authority, error: Error) => void;
}

export class TlsEnd {
  readonly #options: TlsEndOptions;
  readonly #http: Server;
  readonly #authorities = new WeakMap<Duplex, Authority>();
  readonly #contexts = new WeakMap<KeyedCertificate, SecureContext>();

  constructor(options: TlsEndOptions) {
    const { serve, refuse } = options;
    this.#options = options;
    this.#http = createServer({ maxHeaderSize: MAX_HEAD_BYTES });
    writeLatin1(this.#http);
    limitIdling(this.#http, { headMs: HEAD_LIMIT_MS, idleMs: IDLE_MS });
    serveInTurn(this.#http, {
      onRequest: (request, response) => {
        const authority = this.#authorities.get(request.socket);
        if (authority === undefined) response.destroy();
        else serve(authority, request, response);
      },
      onConnect: (_request, socket) => refuse(socket),
      // These are errors of the TLS; the parser answers its own.
      onError: (_error, socket) => socket.destroy(),
    });
  }

  /** Confirms the CONNECT, then serves the client's requests. `head`: bytes that the client has sent already. */
  accept(authority: Authority, leaf: KeyedCertificate, client: Socket, head: Buffer): void {
    // TLS may take over the connection only when everything before it is sent.
    client.write("HTTP/1.1 200 OK\r\n\r\n", () => {
      if (client.destroyed) return;
      if (head.length > 0) client.unshift(head);
      this.#secure(authority, leaf, client);
    });
  }

  close(): void {
    this.#http.closeAllConnections();
  }

  #secure(authority: Authority, leaf: KeyedCertificate, client: Socket): void {
    const secure = new TLSSocket(client, {
      isServer: true,
      secureContext: this.#contextOf(leaf),
      ALPNProtocols: ["http/1.1"],
    });
    this.#authorities.set(secure, authority);
    let failure: Error | undefined = new Error("the client disconnected");
    secure.once("secure", () => {
      failure = undefined;
    });
    secure.on("error", (error) => {
      failure &&= error;
    });
    secure.once("close", () => {
      if (failure !== undefined) this.#options.onTlsError(authority, failure);
    });
    this.#http.emit("connection", secure);
  }

  #contextOf(leaf: KeyedCertificate): SecureContext {
    const known = this.#contexts.get(leaf);
    if (known !== undefined) return known;
    const { cert, key } = leaf;
    const context = createSecureContext({ cert, key });
    this.#contexts.set(leaf, context);
    return context;
  }
}
