/** A go session through a bridge: go's own protocol on the connection to a server, without processes around it. */
import type { Socket } from "node:net";
import { sha256Base64 } from "./ids.ts";
import { closed, dial } from "./link-client.ts";
import { linesOf } from "./socket-lines.ts";

export class BridgeClient {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
  }

  static async open(address: string): Promise<BridgeClient> {
    const client = new BridgeClient(await dial(address));
    await client.#answer();
    return client;
  }

  /** One request at a time; ids are base64. */
  async get(actionId: string): Promise<Record<string, unknown>> {
    return await this.#request({ Command: "get", ActionID: actionId });
  }

  async put(actionId: string, body: Buffer): Promise<Record<string, unknown>> {
    return await this.#request(putHead(actionId, body), `"${body.toString("base64")}"\n`);
  }

  async close(): Promise<void> {
    await this.#request({ Command: "close" });
    this.#socket.end();
    await closed(this.#socket);
  }

  /** Breaks off in the middle of a put. */
  async breakOff(actionId: string, body: Buffer): Promise<void> {
    const text = body.toString("base64");
    this.#send(putHead(actionId, body), `"${text.slice(0, text.length / 2)}`);
    await new Promise((resolve) => this.#socket.write("", resolve));
    this.#socket.resetAndDestroy();
    await closed(this.#socket);
  }

  async #request(fields: object, body = ""): Promise<Record<string, unknown>> {
    this.#send(fields, body);
    return await this.#answer();
  }

  #send(fields: object, body: string): void {
    this.#lastId++;
    this.#socket.write(`${JSON.stringify({ ID: this.#lastId, ...fields })}\n\n${body}`);
  }

  async #answer(): Promise<Record<string, unknown>> {
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error("the server closed the connection");
    return JSON.parse(value);
  }
}

function putHead(actionId: string, body: Buffer): object {
  return { Command: "put", ActionID: actionId, OutputID: sha256Base64(body), BodySize: body.length };
}
