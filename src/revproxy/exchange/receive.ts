/** Passes an origin's answer on to the client, and to the cache if it may store it. */
import type { Clock } from "../../lib/async/clock.ts";
import type { OriginAnswer } from "../origin/origin-client.ts";
import { keyOf, type ProxyLog } from "../proxy-log.ts";
import { withoutCookies } from "../semantics/cookies.ts";
import { isPersonal, personalNames } from "../semantics/shared.ts";
import { variantOf } from "../semantics/vary.ts";
import type { ResponseCache } from "../storage/response-cache.ts";
import { Spool } from "../storage/spool.ts";
import type { FinishedBody } from "../storage/stored-response.ts";
import { answerHead, forwardBody, sendChunks } from "./answer.ts";
import type { ClientRequest } from "./client-request.ts";
import type { Storing } from "./decide.ts";
import type { Flight, Flights } from "./flights.ts";

export interface ReceiverOptions {
  cache: ResponseCache;
  log: ProxyLog;
  clock: Clock;
  /** A larger body is passed on and not stored. */
  maxBodyBytes: number;
}

/** How much of a body stays in memory while it is received. */
const SPOOL_MEMORY_BYTES = 2 << 20;

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #flights: Flights;

  constructor(options: ReceiverOptions, flights: Flights) {
    this.#options = options;
    this.#flights = flights;
  }

  /** Passes the answer on to this client only. */
  async pass(request: ClientRequest, answer: OriginAnswer, flight: Flight): Promise<void> {
    const { log } = this.#options;
    const { resource, url, headers, response } = request;
    this.#flights.markUnshared(url);
    if (isPersonal(headers)) log.info(() => `${url} is not shared: ${personalNames(headers)} in the request`);
    flight.publish(undefined);
    log.count("rsp_not_cached");
    log.fetched(resource, "no");
    answerHead(response, answer, { outcome: "fetch, uncached" });
    await forwardBody(response, answer.body);
  }

  /** Sends the answer to this client and to all that join, and stores it. */
  async store(request: ClientRequest, answer: OriginAnswer, flight: Flight, storing: Storing): Promise<void> {
    const { resource, url, headers, response } = request;
    const { retention, names } = storing;
    this.#flights.markShared(url);
    const outcome = retention === "long" ? "fetch, cached" : "fetch, cached, volatile";
    const spool = this.#openSpool();
    spool.onIdle = () => {
      // A client that joins from now on would get only a part.
      flight.close();
      answer.body.destroy();
    };
    answerHead(response, answer, { outcome, id: keyOf(resource) });
    const sending = sendChunks(response, spool.read());
    const shared = { ...answer, headers: withoutCookies(answer.headers) };
    flight.publish({ answer: shared, names, variant: variantOf(names, headers), spool, outcome });
    const body = await this.#readBody(request, answer, spool);
    if (body !== undefined) this.#keep(request, shared, { body, storing, flight });
    flight.end();
    spool.release();
    await sending;
  }

  #openSpool(): Spool {
    const { cache, maxBodyBytes } = this.#options;
    return new Spool({
      createTemp: () => cache.createTemp(),
      memoryBytes: SPOOL_MEMORY_BYTES,
      maxBytes: maxBodyBytes,
    });
  }

  /** Resolves with a whole body that could be stored. */
  async #readBody(
    { resource }: ClientRequest,
    { body }: OriginAnswer,
    spool: Spool,
  ): Promise<FinishedBody | undefined> {
    const { log } = this.#options;
    try {
      for await (const chunk of body) await spool.append(chunk as Uint8Array);
      if (!body.complete) throw new Error("the origin's answer broke off");
    } catch (error) {
      await spool.fail(error);
      log.failed(resource, error);
      return undefined;
    }
    const finished = await spool.finish();
    if (finished === undefined) log.count("rsp_not_cached");
    return finished;
  }

  #keep(
    { resource, headers: requestHeaders }: ClientRequest,
    { status, headers, requestedMs, receivedMs }: Omit<OriginAnswer, "body">,
    { body, storing: { retention }, flight }: { body: FinishedBody; storing: Storing; flight: Flight },
  ): void {
    const { cache, log } = this.#options;
    if (flight.isInvalidated) {
      log.count("rsp_not_cached");
      discard(body);
      return;
    }
    try {
      cache.keep(resource, requestHeaders, { status, headers, requestedMs, receivedMs }, { body, retention });
      log.count(retention === "long" ? "rsp_save" : "rsp_save_memory");
      log.count("rsp_save_bytes", body.sizeBytes);
      log.fetched(resource, retention === "long" ? "yes" : "mem");
    } catch (error) {
      log.notKept(resource, error);
      discard(body);
    }
  }
}

function discard(body: FinishedBody): void {
  if ("temp" in body) body.temp.discard();
}
