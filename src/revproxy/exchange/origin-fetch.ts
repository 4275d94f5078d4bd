/** Answers from the origin: fetched once for all clients that ask at the same time, or confirmed by it. */
import type { OriginAnswer, OriginClient } from "../origin/origin-client.ts";
import { keyOf } from "../proxy-log.ts";
import { formatResource, type Resource } from "../resource.ts";
import { cookiesOf } from "../semantics/cookies.ts";
import type { StoredResponse } from "../storage/stored-response.ts";
import { answerHead, answerStored, forwardBody, sendChunks } from "./answer.ts";
import type { ClientRequest } from "./client-request.ts";
import { type Decision, decideAnswer, decideCheck, decideUpdate, mayJoin, mayServeStale } from "./decide.ts";
import { type Flight, Flights } from "./flights.ts";
import { Receiver, type ReceiverOptions } from "./receive.ts";

export interface OriginFetchOptions extends ReceiverOptions {
  origin: OriginClient;
}

type Fetch = Extract<Decision, { action: "fetch" }>;

export class OriginFetch {
  readonly #options: OriginFetchOptions;
  readonly #flights = new Flights();
  readonly #receiver: Receiver;

  constructor(options: OriginFetchOptions) {
    this.#options = options;
    this.#receiver = new Receiver(options, this.#flights);
  }

  /** Sends the answer of a request in flight if it serves this client too, otherwise asks the origin. */
  async fetch(request: ClientRequest, stored: StoredResponse | undefined, fetch: Fetch): Promise<void> {
    const { url, response, resource } = request;
    const joined = fetch.collapse === "join" ? await this.#flights.find(url) : undefined;
    if (joined !== undefined && mayJoin(request, joined)) {
      this.#options.log.count("req_joined");
      answerHead(response, joined.answer, { outcome: joined.outcome, id: keyOf(resource) });
      await sendChunks(response, joined.spool.read());
      return;
    }
    const flight = this.#flights.begin(url, { isJoinable: fetch.collapse !== "alone" });
    try {
      await this.#lead(request, stored, fetch, flight);
    } finally {
      flight.publish(undefined);
      flight.end();
    }
  }

  /** Forwards a HEAD, and applies the answer to what is stored. */
  async check(request: ClientRequest, stored: StoredResponse | undefined): Promise<void> {
    const { headers, resource, signal, response, url } = request;
    const { origin, cache, log } = this.#options;
    log.count("req_forward");
    const flight = this.#flights.begin(url, { isJoinable: false });
    try {
      const answer = await origin.send(resource, { method: "HEAD", headers }, signal);
      if (stored !== undefined) {
        const change = decideCheck(request, stored.head, answer);
        if (change === "update") await this.#update(request, stored, answer, flight);
        else if (change === "remove") cache.remove(resource);
      }
      answerHead(response, answer, { outcome: undefined });
      await forwardBody(response, answer.body);
    } finally {
      flight.end();
    }
  }

  /** The resource has changed: neither what is stored nor what is in flight may be used for later requests. */
  invalidate(resource: Resource): void {
    this.#options.cache.remove(resource);
    this.#flights.invalidate(formatResource(resource));
  }

  async #lead(
    request: ClientRequest,
    stored: StoredResponse | undefined,
    { headers }: Fetch,
    flight: Flight,
  ): Promise<void> {
    const { origin, log, maxBodyBytes } = this.#options;
    log.count("req_forward");
    let answer: OriginAnswer;
    try {
      // Not the client's signal: others may wait for this answer by then.
      answer = await origin.send(request.resource, { method: "GET", headers }, new AbortController().signal);
    } catch (error) {
      if (stored === undefined || !mayServeStale(request, stored.head, this.#now(), "unreachable"))
        throw error;
      log.failed(request.resource, error);
      await this.#sendStale(request, stored, flight);
      return;
    }
    const decision = decideAnswer(request, stored?.head, answer, { nowMs: this.#now(), maxBodyBytes });
    if (decision.action === "store") await this.#receiver.store(request, answer, flight, decision);
    else if (decision.action === "pass" || stored === undefined) {
      await this.#receiver.pass(request, answer, flight);
    } else if (decision.action === "stale") {
      answer.body.destroy();
      await this.#sendStale(request, stored, flight);
    } else await this.#sendRevalidated(request, stored, answer, flight);
  }

  async #sendRevalidated(
    request: ClientRequest,
    stored: StoredResponse,
    answer: OriginAnswer,
    flight: Flight,
  ): Promise<void> {
    answer.body.resume();
    const fresh = await this.#update(request, stored, answer, flight);
    this.#options.log.count("req_revalidated");
    // Before the response is sent: no other client waits for this one.
    flight.publish(undefined);
    await this.#sendStored(request, withCookies(fresh, answer), "revalidated");
  }

  async #sendStale(request: ClientRequest, stored: StoredResponse, flight: Flight): Promise<void> {
    this.#options.log.count("req_stale");
    flight.publish(undefined);
    await this.#sendStored(request, stored, "stale");
  }

  async #sendStored(request: ClientRequest, stored: StoredResponse, outcome: string): Promise<void> {
    await answerStored(request, stored, { outcome, nowMs: this.#now() });
  }

  /** The stored response with the fields of the answer, for this client; stored again if it may be. */
  async #update(
    request: ClientRequest,
    stored: StoredResponse,
    answer: OriginAnswer,
    flight: Flight,
  ): Promise<StoredResponse> {
    const { head, retention, isForbidden } = decideUpdate(request, stored.head, answer, this.#now());
    if (retention !== undefined && !flight.isInvalidated) {
      return await stored.update(head, { upload: retention === "long" });
    }
    if (isForbidden) this.#options.cache.remove(request.resource);
    return { ...stored, head };
  }

  #now(): number {
    return this.#options.clock.nowMs();
  }
}

/** For the client that `answer` is for, and no other. */
function withCookies(stored: StoredResponse, answer: OriginAnswer): StoredResponse {
  const headers = [...stored.head.headers, ...cookiesOf(answer.headers)];
  return { ...stored, head: { ...stored.head, headers } };
}
