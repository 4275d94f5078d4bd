import { createServer } from "node:http";
import { createServer as createNetServer, type Server, type Socket } from "node:net";
import { limitIdling, writeLatin1 } from "../lib/network/adopted-connections.ts";
import { serveInTurn } from "../lib/network/turns.ts";
import type { Router } from "./router.ts";

const HEAD_LIMIT_MS = 10_000;
const MAX_HEAD_BYTES = 32 << 10;
const IDLE_MS = 60_000;
const MAX_CONNECTIONS = 1_000;

/** An HTTP server, not listening yet. */
export interface HttpListener {
  /** Call `listen` on it. */
  server: Server;
  closeAllConnections(): void;
}

/**
 * `takesTunnels`: clients may send CONNECT. Then a `net` server accepts the connections, since only those can become TLS.
 * Connections that the HTTP server accepts itself take a fifth less time for each request.
 */
export function createHttpListener(
  router: Router,
  { takesTunnels }: { takesTunnels: boolean },
): HttpListener {
  const http = createServer({
    headersTimeout: HEAD_LIMIT_MS,
    keepAliveTimeout: IDLE_MS,
    maxHeaderSize: MAX_HEAD_BYTES,
    connectionsCheckingInterval: 1_000,
  });
  serveInTurn(http, {
    onRequest: (request, response) => void router.handle(request, response),
    onConnect: (request, socket, head) => router.connect(request, socket as Socket, head),
  });
  const server = takesTunnels ? inFrontOf(http) : http;
  server.maxConnections = MAX_CONNECTIONS;
  return { server, closeAllConnections: () => http.closeAllConnections() };
}

function inFrontOf(http: ReturnType<typeof createServer>): Server {
  writeLatin1(http);
  limitIdling(http, { headMs: HEAD_LIMIT_MS, idleMs: IDLE_MS });
  return createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) => http.emit("connection", socket));
}
