/** `connect`'s end of a link, without a process and a go command around it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { LINK_VERSION } from "../../src/net/link-protocol.ts";
import { linesOf } from "./socket-lines.ts";

/** The default scope of links. */
export const LINK_SCOPE = {
  platform: "linux_amd64_go1.27.4",
  project: "example.com/link",
  branch: "main",
  job: "local",
  run: "2026-01-31",
  fallbackBranches: [],
  defaultBranch: "main",
};

/** Connects to `host:port`. */
export async function dial(address: string): Promise<Socket> {
  const at = address.lastIndexOf(":");
  const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Resolves when the connection has ended, for any reason. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

/** One link; its messages are arrays, as `net/link-protocol.ts` says. */
export class LinkClient {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
  }

  static async open(address: string, scope: object = LINK_SCOPE): Promise<LinkClient> {
    const client = new LinkClient(await dial(address));
    await client.#lines.next();
    client.#socket.write(`link ${JSON.stringify({ version: LINK_VERSION, scope })}\n`);
    return client;
  }

  /** Sends a message and returns its answer. */
  async ask(...message: unknown[]): Promise<unknown[]> {
    this.#socket.write(`${JSON.stringify(message)}\n`);
    for (;;) {
      const answer = JSON.parse((await this.#lines.next()).value ?? "null") as unknown[];
      if (answer === null || answer.length > 0) return answer;
    }
  }

  /** Breaks the connection off. */
  async breakOff(): Promise<void> {
    this.#socket.resetAndDestroy();
    await closed(this.#socket);
  }

  /** Resolves when the server has closed, too. */
  async end(): Promise<void> {
    this.#socket.end();
    await closed(this.#socket);
  }
}
