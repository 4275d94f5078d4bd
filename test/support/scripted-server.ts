/** A server that gives the answers of a test, on real sockets, and records its requests. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { HttpReader, headerOf } from "./http-reader.ts";

/** One received request. */
interface SeenCall {
  method: string;
  /** Path and query, still encoded. */
  target: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

/** An answer, a reset connection, or nothing at all. */
export type Scripted =
  | {
      status?: number;
      /** Besides `Content-Length` and `ETag`, which an empty value leaves out. */
      headers?: Record<string, string>;
      body?: string;
      /** The connection is reset after this much of the body. */
      cutAfterBytes?: number;
    }
  | "reset"
  | "hang";

export interface ScriptedServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** All requests so far. */
  readonly calls: SeenCall[];
  /** Resolves at the next request that arrives. */
  nextCall(): Promise<SeenCall>;
}

/** Starts a server that answers its requests from the list; after its end, the last answer again. */
export async function scriptedServer(script: Scripted[]): Promise<ScriptedServer> {
  const calls: SeenCall[] = [];
  const sockets = new Set<Socket>();
  let arrival = Promise.withResolvers<SeenCall>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    void serve(socket).catch(() => socket.destroy());
  });
  async function serve(socket: Socket): Promise<void> {
    const call = await readCall(socket);
    if (call === undefined) return;
    const answer = script[Math.min(calls.length, script.length - 1)];
    calls.push(call);
    arrival.resolve(call);
    arrival = Promise.withResolvers();
    if (answer !== undefined && answer !== "hang") give(socket, answer, call.method);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    nextCall: () => arrival.promise,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** S3's way of refusing. */
export function refusal(status: number, code: string, extra = ""): Scripted {
  return { status, body: `<?xml version="1.0"?>\n<Error><Code>${code}</Code>${extra}</Error>` };
}

async function readCall(socket: Socket): Promise<SeenCall | undefined> {
  const reader = new HttpReader(socket);
  const head = await reader.head();
  if (head === undefined) return undefined;
  const [method = "", target = ""] = head.startLine.split(" ");
  if (headerOf(head, "expect") !== undefined) throw new Error("a client that expects 100 is not understood");
  const body = Buffer.concat(await Array.fromAsync(reader.body(head)));
  const headers = Object.fromEntries(head.headers.map(([name, value]) => [name.toLowerCase(), value]));
  return { method, target, headers, body };
}

function give(socket: Socket, answer: Exclude<Scripted, "hang">, method: string): void {
  if (answer === "reset") {
    socket.resetAndDestroy();
    return;
  }
  const { status = 200, headers = {}, body = "", cutAfterBytes } = answer;
  const content = Buffer.from(body);
  const all: Record<string, string> = {
    etag: '"e"',
    "content-length": `${content.length}`,
    connection: "close",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== "");
  socket.write(`HTTP/1.1 ${status} Scripted\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`);
  if (method === "HEAD") socket.end();
  else if (cutAfterBytes === undefined) socket.end(content);
  else socket.write(content.subarray(0, cutAfterBytes), () => socket.destroySoon());
}
