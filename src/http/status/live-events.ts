/** `/events`: what has changed on the status page, as server-sent events, to those who look at it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerText } from "../../lib/network/answer.ts";
import type { HttpMount } from "../mount.ts";
import { queryOf } from "../page.ts";

/** Who comes above that is told to try again later. */
const MAX_CLIENTS = 16;
const TICK_MS = 1_000;
/** How soon a browser comes back when the connection has ended. */
const RETRY_MS = 2_000;
/** A client that does not read is sent nothing more until it does. */
const MAX_UNSENT_BYTES = 256 << 10;

export interface LiveEventsOptions {
  /** The content of each part of the page, as the query has it. */
  render: (query: URLSearchParams) => Promise<Parts>;
  /** Of the page that can show them. */
  build: string;
  /** Told of what `render` failed with. */
  onFailure: (error: unknown) => void;
}

type Parts = ReadonlyMap<string, string>;

interface Client {
  response: ServerResponse;
  query: string;
  /** What it was sent last of each part. */
  sent: Map<string, string>;
}

/** Works only while somebody looks. */
export class LiveEvents implements HttpMount {
  readonly #options: LiveEventsOptions;
  readonly #clients = new Set<Client>();
  #ticking: ReturnType<typeof setInterval> | undefined;
  #isEnding = false;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    if (this.#clients.size >= MAX_CLIENTS) {
      answerText(response, 503, "too many look at this page", { "retry-after": "10" });
      return;
    }
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const client = { response, query: queryOf(target).toString(), sent: new Map() };
    this.#clients.add(client);
    response.once("close", () => this.#forget(client));
    response.write(`retry: ${RETRY_MS}\n\n`);
    await this.#send(client, this.#render(client));
    // While the server ends, who comes back has the state of that moment, and holds nothing up.
    if (this.#isEnding) response.end();
    else if (this.#clients.size > 0) this.#ticking ??= setInterval(() => void this.#tick(), TICK_MS).unref();
  }

  /** Tells everybody once more how it is, and ends the connections. Whoever comes from now on is told once. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#tick();
    for (const { response } of this.#clients) response.end();
  }

  /** What several see alike is made once. */
  async #tick(): Promise<void> {
    const made = new Map<string, Promise<Parts>>();
    for (const client of this.#clients) {
      const parts = made.get(client.query) ?? this.#render(client);
      made.set(client.query, parts);
      await this.#send(client, parts);
    }
  }

  #render({ query }: Client): Promise<Parts> {
    return this.#options.render(new URLSearchParams(query));
  }

  async #send({ response, sent }: Client, made: Promise<Parts>): Promise<void> {
    try {
      const parts = await made;
      if (response.writableEnded || response.writableLength > MAX_UNSENT_BYTES) return;
      const changed = [...parts].filter(([id, content]) => sent.get(id) !== content);
      for (const [id, content] of changed) sent.set(id, content);
      const news = { build: this.#options.build, parts: Object.fromEntries(changed) };
      response.write(`data: ${JSON.stringify(news)}\n\n`);
    } catch (error) {
      this.#options.onFailure(error);
      response.destroy();
    }
  }

  #forget(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }
}
