import { createServer, type Server } from "node:http";
import type { Router } from "./router.ts";

/** How long a client may take for a request's head, how large that may be, and how long a connection may idle. */
const HEAD_LIMIT_MS = 10_000;
const MAX_HEAD_BYTES = 32 << 10;
const IDLE_MS = 60_000;
const MAX_CONNECTIONS = 1_000;

/** The HTTP server, not listening yet. */
export function createHttpListener(router: Router): Server {
  const server = createServer(
    {
      headersTimeout: HEAD_LIMIT_MS,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void router.handle(request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on("connect", (request, socket, head) => router.connect(request, socket, head));
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
}
