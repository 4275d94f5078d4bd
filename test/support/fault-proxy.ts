/**
 * An HTTP proxy before a real S3 server: it carries requests byte for byte, Host header included (S3 signs it),
 * adds a round trip's latency, limits bandwidth, counts, and breaks what its rules say. One upstream connection
 * for each client connection, both kept alive.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import {
  bodyFault,
  type Fault,
  faultyHead,
  formatAnswer,
  lengthOf,
  relayFaulty,
  type SeenRequest,
} from "./faults.ts";
import { formatHead, HttpReader, type MessageHead, withHeader } from "./http-reader.ts";
import { drain, hang, reset, write } from "./socket-io.ts";
import { Throttle } from "./throttle.ts";
import { Upstream } from "./upstream.ts";

export interface FaultProxyOptions {
  /** `http://host:port` of the real server. */
  target: string;
  /** The delay before each request is forwarded, and of each new connection. */
  latencyMs?: number;
  /** Round trips that a new connection takes: 1, and more with TLS. */
  connectionTrips?: number;
  /** In each direction, over all connections; `undefined`: no limit. */
  bytesPerSecond?: number;
}

/** The traffic since the start or the last `resetCounts`. */
export interface ProxyCounts {
  connections: number;
  requests: number;
  byMethod: Record<string, number>;
  /** Body bytes towards the server. */
  bytesUp: number;
  /** Body bytes towards the client. */
  bytesDown: number;
  /** The same of the packed layout's objects, by their folder: `pack`, `run`, … */
  upByFolder: Record<string, number>;
  downByFolder: Record<string, number>;
}

interface Rule {
  when: (request: SeenRequest) => boolean;
  fault: Fault;
}

/** A running proxy. Disposing it drops every connection. */
export class FaultProxy implements AsyncDisposable {
  latencyMs: number;
  counts: ProxyCounts = emptyCounts();
  /** Every request seen, in order. */
  readonly seen: SeenRequest[] = [];
  readonly #target: URL;
  readonly #connectionTrips: number;
  readonly #up: Throttle;
  readonly #down: Throttle;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #rules: Rule[] = [];
  /** The next late answer. */
  #lateAnswer: Buffer | undefined;

  private constructor(options: FaultProxyOptions) {
    this.#target = new URL(options.target);
    this.latencyMs = options.latencyMs ?? 0;
    this.#connectionTrips = options.connectionTrips ?? 1;
    this.#up = new Throttle(options.bytesPerSecond);
    this.#down = new Throttle(options.bytesPerSecond);
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.accept();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Applies `fault` to all further requests that `when` selects; the newest matching rule wins. */
  fail(when: (request: SeenRequest) => boolean, fault: Fault): void {
    this.#rules.unshift({ when, fault });
  }

  /** Forwards every request unchanged again. Requests that hang keep hanging. */
  heal(): void {
    this.#rules = [];
  }

  resetCounts(): void {
    this.counts = emptyCounts();
    this.seen.length = 0;
  }

  /** Refuses new connections and resets existing ones, like a crashed server. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Listens again, on the same port. */
  async accept(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => void this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
  }

  async #serve(client: Socket): Promise<void> {
    this.counts.connections++;
    this.#own(client);
    const upstream = new Upstream(this.#target, (socket) => this.#own(socket));
    client.once("close", () => upstream.destroy());
    try {
      if (this.latencyMs > 0) await Bun.sleep(this.latencyMs * this.#connectionTrips);
      const reader = new HttpReader(client);
      while (await this.#exchange(client, reader, upstream));
    } catch {
      // When one side closes, so does the other.
    }
    upstream.destroy();
    client.destroy();
  }

  /** One request and its answer; false: the connection is over. */
  async #exchange(client: Socket, reader: HttpReader, upstream: Upstream): Promise<boolean> {
    const head = await reader.head();
    if (head === undefined) return false;
    const request = this.#count(head);
    const fault = this.#rules.find((rule) => rule.when(request))?.fault;
    const body = reader.body(head);
    if (this.latencyMs > 0) await Bun.sleep(this.latencyMs);
    if (fault?.kind === "refuse") {
      void this.refuse();
      return reset(client);
    }
    if (fault?.kind === "reset") return reset(client);
    if (fault?.kind === "hang") return await hang(client, body);
    if (fault?.kind === "delay") await fault.until;
    if (fault?.kind === "answer") {
      await drain(body);
      await write(client, formatAnswer(fault, request.method));
      return true;
    }
    await upstream.connected();
    const strikesRequest = request.method === "PUT" && bodyFault(fault) !== undefined;
    const sending = this.#sendRequest(upstream.socket, {
      request,
      head,
      body,
      client,
      fault: strikesRequest ? fault : undefined,
    });
    sending.catch(() => client.destroy());
    const answerFault = strikesRequest ? undefined : fault;
    return await this.#relayAnswer({ client, upstream, request, fault: answerFault, sending });
  }

  async #sendRequest(
    upstream: Socket,
    message: {
      request: SeenRequest;
      head: MessageHead;
      body: AsyncIterable<Buffer>;
      client: Socket;
      fault: Fault | undefined;
    },
  ): Promise<void> {
    const { request, head, body, client, fault } = message;
    await write(upstream, formatHead(head));
    const end = await relayFaulty({ body, length: lengthOf(head) }, fault, async (piece) => {
      this.counts.bytesUp += piece.length;
      count(this.counts.upByFolder, request.path, piece.length);
      await this.#up.pass(piece.length);
      await write(upstream, piece);
    });
    // A hanging request is not read further and never answered: the server waits for the rest.
    if (end === "reset" || end === "end") reset(client);
  }

  async #relayAnswer(exchange: {
    client: Socket;
    upstream: Upstream;
    request: SeenRequest;
    fault: Fault | undefined;
    sending: Promise<void>;
  }): Promise<boolean> {
    const { client, upstream, request, fault, sending } = exchange;
    let head = await upstream.reader.head();
    while (head !== undefined && statusOf(head) < 200) {
      await write(client, formatHead(head));
      head = await upstream.reader.head();
    }
    if (head === undefined) return false;
    const isEmpty = request.method === "HEAD" || [204, 304].includes(statusOf(head));
    const body = upstream.reader.body(head, { isEmpty, untilClose: true });
    if (fault?.kind === "double" || fault?.kind === "late") {
      const bytes = Buffer.concat(await Array.fromAsync(body));
      await write(client, fault.kind === "double" ? doubled(head, bytes) : this.#late(head, bytes));
      await sending;
      return true;
    }
    await write(client, formatHead(fault === undefined ? head : faultyHead(head, fault)));
    const end = await relayFaulty({ body, length: lengthOf(head) }, fault, async (piece) => {
      this.counts.bytesDown += piece.length;
      count(this.counts.downByFolder, request.path, piece.length);
      await this.#down.pass(piece.length);
      await write(client, piece);
    });
    if (end === "reset") return reset(client);
    if (end === "hang") return await hang(client, body);
    await sending;
    if (end === "complete" && fault?.kind !== "truncate") return true;
    await new Promise<void>((resolve) => client.end(resolve));
    return false;
  }

  /** Stores an answer, and returns the previous one. */
  #late(head: MessageHead, body: Buffer): Buffer {
    const answer = Buffer.concat([formatHead(head), body]);
    const late = this.#lateAnswer ?? answer;
    this.#lateAnswer = answer;
    return late;
  }

  #count(head: MessageHead): SeenRequest {
    const [method = "", target = ""] = head.startLine.split(" ");
    const request = { method, path: decodeURIComponent(target.split("?")[0] ?? "") };
    this.counts.requests++;
    this.counts.byMethod[method] = (this.counts.byMethod[method] ?? 0) + 1;
    this.seen.push(request);
    return request;
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

function emptyCounts(): ProxyCounts {
  return {
    connections: 0,
    requests: 0,
    byMethod: {},
    bytesUp: 0,
    bytesDown: 0,
    upByFolder: {},
    downByFolder: {},
  };
}

function count(byFolder: Record<string, number>, path: string, bytes: number): void {
  const folder = /\/packed\/v1\/([a-z]+)\//.exec(path)?.[1];
  if (folder !== undefined) byFolder[folder] = (byFolder[folder] ?? 0) + bytes;
}

function doubled(head: MessageHead, body: Buffer): Buffer {
  const longer = withHeader(head, "Content-Length", String(2 * body.length));
  return Buffer.concat([formatHead(longer), body, body]);
}

function statusOf(head: MessageHead): number {
  return Number(head.startLine.split(" ")[1]);
}
