/**
 * Completes this runtime's HTTP server for adopted connections: those that it has not accepted itself, but got by
 * its event `connection`.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface IdlingLimits {
  /** How long a client may take for the head of its first request. */
  headMs: number;
  /** How long nothing at all may happen on a connection that no answer is due on. */
  idleMs: number;
}

/** Ends adopted connections that idle, until CONNECT takes one over. */
export function limitIdling(server: Server, { headMs, idleMs }: IdlingLimits): void {
  const due = new WeakMap<Duplex, number>();
  const heads = new WeakMap<Duplex, ReturnType<typeof setTimeout>>();
  const hasHead = (socket: Duplex) => clearTimeout(heads.get(socket));
  server.on("connection", (socket: Socket) => {
    const head = setTimeout(() => socket.destroy(), headMs).unref();
    heads.set(socket, head);
    socket.once("close", () => clearTimeout(head));
    socket.setTimeout(idleMs);
    socket.on("timeout", () => {
      if (!due.get(socket)) socket.destroy();
    });
  });
  server.prependListener("request", ({ socket }, response) => {
    hasHead(socket);
    due.set(socket, (due.get(socket) ?? 0) + 1);
    response.once("close", () => due.set(socket, (due.get(socket) ?? 1) - 1));
  });
  server.prependListener("connect", (_request, socket) => {
    hasHead(socket);
    due.set(socket, 1);
    (socket as Socket).setTimeout(0);
  });
}

/** Makes the server write heads to adopted connections as Latin-1: each character of a string is a byte. */
export function writeLatin1(server: Server): void {
  server.on("connection", (socket: Socket) => socket.setDefaultEncoding("latin1"));
}

/**
 * Ends a connection when its client does not speak HTTP, with 400 if that can't be taken for part of another answer.
 */
export function refuseMalformed(socket: Duplex): void {
  const isUnanswered = (socket as Socket).bytesWritten === 0;
  if (isUnanswered && socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  else socket.destroy();
}
