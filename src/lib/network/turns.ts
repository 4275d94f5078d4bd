/** The requests of one connection are answered one at a time, however many a client sends ahead. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { refuseMalformed } from "./adopted-connections.ts";

/** A client that sends more requests ahead than this loses its connection. */
const MAX_WAITING = 16;

export interface TurnHandlers {
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onConnect(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Receives errors of the parser or the connection except malformed requests. By default the connection ends. */
  onError?(error: NodeJS.ErrnoException, socket: Duplex): void;
  /** How often the server checks that a client reads. One that has read nothing since the last check is disconnected. */
  stallMs?: number;
}

/**
 * Passes what `server` receives to the handlers: a request only when the answer before it is out. CONNECT before that ends
 * the connection.
 */
export function serveInTurn(server: Server, handlers: TurnHandlers): void {
  const { onRequest, onConnect, stallMs = 30_000 } = handlers;
  const all = new WeakMap<Duplex, Turns>();
  const turnsOf = (socket: Duplex): Turns => {
    const turns = all.get(socket) ?? new Turns(socket, stallMs);
    all.set(socket, turns);
    return turns;
  };
  server.on("request", (request, response) => {
    turnsOf(request.socket).add({ request, response }, () => onRequest(request, response));
  });
  server.on("connect", (request, socket, head) => {
    // The runtime hands the connection over at once: what is written to it then would come before the answers.
    if (turnsOf(socket).isBusy) socket.destroy();
    else onConnect(request, socket, head);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code?.startsWith("HPE_") === true) turnsOf(socket).refuse();
    else if (handlers.onError === undefined) refuseMalformed(socket);
    else handlers.onError(error, socket);
  });
}

interface Turn {
  request?: IncomingMessage;
  response?: ServerResponse;
}

class Turns {
  readonly #socket: Duplex;
  readonly #stallMs: number;
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;
  #latest: Turn = {};

  constructor(socket: Duplex, stallMs: number) {
    this.#socket = socket;
    this.#stallMs = stallMs;
    socket.once("close", () => {
      this.#waiting.length = 0;
    });
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  add(turn: Turn, begin: () => void): void {
    if (this.#socket.destroyed) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.length = 0;
      this.#socket.destroy();
      return;
    }
    this.#latest = turn;
    this.#waiting.push(() => {
      if (turn.response !== undefined) this.#endWith(turn.response);
      begin();
    });
    if (!this.#isBusy) this.#next();
  }

  /** Ends a connection that sends no HTTP, after the answers to what it sent before. */
  refuse(): void {
    const isBetween = this.#isBusy && this.#latest.request?.complete === true;
    if (!isBetween) refuseMalformed(this.#socket);
    else this.add({}, () => this.#socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  }

  #next(): void {
    if (this.#socket.destroyed) return;
    const begin = this.#waiting.shift();
    this.#isBusy = begin !== undefined;
    begin?.();
  }

  #endWith(response: ServerResponse): void {
    let drains = 0;
    let seen = "";
    response.on("drain", () => drains++);
    const check = setInterval(() => {
      const unread = response.writableLength;
      const state = `${drains} ${unread}`;
      if (unread > 0 && state === seen) this.#socket.destroy();
      seen = state;
    }, this.#stallMs).unref();
    response.once("close", () => {
      clearInterval(check);
      // After the last answer of a connection, nothing else is answered.
      if (response.shouldKeepAlive) this.#next();
      else this.#waiting.length = 0;
    });
  }
}
