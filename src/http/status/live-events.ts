/** `/events`: changed parts of the status page, as server-sent events. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerText } from "../../lib/network/answer.ts";
import type { HttpMount } from "../mount.ts";
import { queryOf } from "../page.ts";

const MAX_CLIENTS = 16;
const TICK_MS = 1_000;
/** How soon a browser reconnects. */
const RETRY_MS = 2_000;
/** A client with more unsent bytes gets no events. */
const MAX_UNSENT_BYTES = 256 << 10;

export interface LiveEventsOptions {
  /** The HTML of each part of the page, by id. */
  render: (query: URLSearchParams) => Promise<Parts>;
  /** The build of the page that can show the parts; see `PAGE_BUILD`. */
  build: string;
  /** Called with the errors of `render`. */
  onFailure: (error: unknown) => void;
}

type Parts = ReadonlyMap<string, string>;

interface Client {
  response: ServerResponse;
  query: string;
  /** The last HTML sent of each part. */
  sent: Map<string, string>;
}

/** Renders only while there are clients. */
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
      answerText(response, 503, "too many open status pages", { "retry-after": "10" });
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
    // While the server shuts down, a client that reconnects gets the current state only.
    if (this.#isEnding) response.end();
    else if (this.#clients.size > 0) this.#ticking ??= setInterval(() => void this.#tick(), TICK_MS).unref();
  }

  /** Sends a last update and ends the connections. Later clients get one update each. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#tick();
    for (const { response } of this.#clients) response.end();
  }

  /** Clients with the same query share a rendering. */
  async #tick(): Promise<void> {
    const rendered = new Map<string, Promise<Parts>>();
    for (const client of this.#clients) {
      const parts = rendered.get(client.query) ?? this.#render(client);
      rendered.set(client.query, parts);
      await this.#send(client, parts);
    }
  }

  #render({ query }: Client): Promise<Parts> {
    return this.#options.render(new URLSearchParams(query));
  }

  async #send({ response, sent }: Client, rendering: Promise<Parts>): Promise<void> {
    try {
      const parts = await rendering;
      if (response.writableEnded || response.writableLength > MAX_UNSENT_BYTES) return;
      const changed = [...parts].filter(([id, content]) => sent.get(id) !== content);
      for (const [id, content] of changed) sent.set(id, content);
      const update = { build: this.#options.build, parts: Object.fromEntries(changed) };
      response.write(`data: ${JSON.stringify(update)}\n\n`);
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
