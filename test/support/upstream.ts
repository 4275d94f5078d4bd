import { connect, type Socket } from "node:net";
import { HttpReader } from "./http-reader.ts";

/** The connection to the real server, made when first needed. */
export class Upstream {
  readonly #target: URL;
  readonly #own: (socket: Socket) => void;
  #socket: Socket | undefined;
  #reader: HttpReader | undefined;

  constructor(target: URL, own: (socket: Socket) => void) {
    this.#target = target;
    this.#own = own;
  }

  get socket(): Socket {
    if (this.#socket === undefined) throw new Error("not connected");
    return this.#socket;
  }

  get reader(): HttpReader {
    if (this.#reader === undefined) throw new Error("not connected");
    return this.#reader;
  }

  async connected(): Promise<void> {
    if (this.#socket !== undefined) return;
    const socket = connect({
      host: this.#target.hostname,
      port: Number(this.#target.port || 80),
      noDelay: true,
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    this.#own(socket);
    this.#reader = new HttpReader(socket);
  }

  destroy(): void {
    this.#socket?.destroy();
  }
}
