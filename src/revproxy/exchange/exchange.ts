/** Serves one client's request to a cached host: from the cache, from the origin, or from both. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerText } from "../../lib/network/answer.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { UnreachableError } from "../origin/origin-client.ts";
import type { Resource } from "../resource.ts";
import type { StoredResponse } from "../storage/stored-response.ts";
import { answerHead, answerStored, forwardBody } from "./answer.ts";
import { type ClientRequest, clientRequest } from "./client-request.ts";
import { decide, decideInvalidated, mayUseCache } from "./decide.ts";
import { OriginFetch, type OriginFetchOptions } from "./origin-fetch.ts";

/** Counter and debug word by the place of a hit. */
const HITS = {
  memory: { counter: "req_memory_hit", word: "mem" },
  local: { counter: "req_local_hit", word: "disk" },
  remote: { counter: "req_fault_hit", word: "S3" },
} as const;

export class Exchange {
  readonly #options: OriginFetchOptions;
  readonly #fetch: OriginFetch;

  constructor(options: OriginFetchOptions) {
    this.#options = options;
    this.#fetch = new OriginFetch(options);
  }

  /** Resolves when the client has its answer, or has disconnected. Never rejects. */
  async serve(resource: Resource, message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log } = this.#options;
    const request = clientRequest(resource, message, response);
    const isCacheable = mayUseCache(request);
    log.begin(resource, isCacheable && request.method === "GET");
    try {
      const stored = isCacheable ? await this.#find(request) : undefined;
      await this.#answer(request, stored);
    } catch (error) {
      this.#answerError(request, error);
    }
  }

  async #find({ resource, headers }: ClientRequest): Promise<StoredResponse | undefined> {
    const stored = await this.#options.cache.find(resource, headers);
    if (stored === undefined) this.#options.log.count("req_local_miss");
    return stored;
  }

  async #answer(request: ClientRequest, stored: StoredResponse | undefined): Promise<void> {
    const decision = decide(request, stored?.head, this.#options.clock.nowMs());
    if (decision.action === "serve" && stored !== undefined) await this.#sendHit(request, stored);
    else if (decision.action === "fetch") await this.#fetch.fetch(request, stored, decision);
    else if (decision.action === "check") await this.#fetch.check(request, stored);
    else if (decision.action === "forward") await this.#forward(request, decision.outcome);
    else {
      const text = `${request.url} is not in the cache, and the request says only-if-cached`;
      answerText(request.response, 504, text);
    }
  }

  async #sendHit(request: ClientRequest, stored: StoredResponse): Promise<void> {
    const { log, clock } = this.#options;
    const { counter, word } = HITS[stored.place];
    log.count(counter);
    log.hit(request.resource, word, stored.body.sizeBytes);
    await answerStored(request, stored, { outcome: `hit, ${stored.place}`, nowMs: clock.nowMs() });
  }

  async #forward(request: ClientRequest, outcome: string | undefined): Promise<void> {
    const { method, headers, body, resource, signal, response } = request;
    this.#options.log.count("req_forward");
    const answer = await this.#options.origin.send(resource, { method, headers, body }, signal);
    for (const changed of decideInvalidated(request, answer)) this.#fetch.invalidate(changed);
    answerHead(response, answer, { outcome });
    await forwardBody(response, answer.body);
  }

  #answerError({ response, resource, url, signal }: ClientRequest, error: unknown): void {
    if (signal.aborted) return;
    this.#options.log.failed(resource, error);
    if (response.headersSent) response.destroy();
    else if (error instanceof UnreachableError) {
      answerText(response, error.isTimeout ? 504 : 502, describeError(error));
    } else answerText(response, 502, `${url}: ${describeError(error)}`);
  }
}
