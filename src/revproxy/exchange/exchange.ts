/** One request to an origin that is cached: answered from the cache, or by the origin, or by both. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../lib/async/clock.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { type OriginAnswer, type OriginClient, UnreachableError } from "../origin/origin-client.ts";
import { keyOf, type ProxyLog } from "../proxy-log.ts";
import { formatResource, type Resource } from "../resource.ts";
import { CacheControl } from "../semantics/cache-control.ts";
import { isConditional, isForOrigin, withValidators } from "../semantics/conditions.ts";
import { cookiesOf, withoutCookies } from "../semantics/cookies.ts";
import { hasFraming } from "../semantics/framing.ts";
import { agrees, freshened } from "../semantics/freshen.ts";
import { fromRawHeaders, type HeaderList, hasHeader, headerValue } from "../semantics/header-list.ts";
import { endToEnd } from "../semantics/hop-by-hop.ts";
import { isUsable, mayStandIn } from "../semantics/judge.ts";
import { mayShare, personalNames } from "../semantics/shared.ts";
import { forbidsStoring, type Keeping, keeping } from "../semantics/storable.ts";
import { variantOf, varyNames } from "../semantics/vary.ts";
import type { ResponseCache } from "../storage/response-cache.ts";
import { Spool } from "../storage/spool.ts";
import type { FinishedBody, StoredResponse } from "../storage/stored-response.ts";
import { answerHead, answerStored, answerText, passOn } from "./answer.ts";
import { type FlightResult, Flights, type OwnFlight } from "./flights.ts";
import { invalidated } from "./invalidated.ts";
import { sendBody } from "./send-body.ts";

export interface ExchangeOptions {
  cache: ResponseCache;
  origin: OriginClient;
  log: ProxyLog;
  clock: Clock;
  /** A larger body is passed on and not kept. */
  maxBodyBytes: number;
}

/** What stays in memory of a body that is being received. */
const SPOOL_MEMORY_BYTES = 2 << 20;

/** Changes nothing at the origin, so what is kept stays right. */
const SAFE_METHODS = ["GET", "HEAD", "OPTIONS", "TRACE"];

/** A client's request as far as it matters here. */
interface Asked {
  resource: Resource;
  url: string;
  method: string;
  headers: HeaderList;
  message: IncomingMessage;
  response: ServerResponse;
  /** Aborted when the client goes. */
  signal: AbortSignal;
}

const PLACE_NAMES = { memory: "mem", local: "disk", remote: "S3" } as const;

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #flights = new Flights();

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Resolves when the client has its answer, or has gone. Never rejects. */
  async serve(resource: Resource, message: IncomingMessage, response: ServerResponse): Promise<void> {
    const client = new AbortController();
    response.once("close", () => client.abort(new Error("the client has gone")));
    const asked: Asked = {
      resource,
      url: formatResource(resource),
      method: message.method ?? "GET",
      headers: endToEnd(fromRawHeaders(message.rawHeaders)),
      message,
      response,
      signal: client.signal,
    };
    const isCacheable = isForCache(asked);
    this.#options.log.begin(resource, isCacheable && asked.method === "GET");
    try {
      if (isCacheable) await this.#cached(asked);
      else await this.#direct(asked);
    } catch (error) {
      this.#refuse(asked, error);
    }
  }

  async #cached(asked: Asked): Promise<void> {
    const stored = await this.#options.cache.find(asked.resource, asked.headers);
    if (stored === undefined) this.#options.log.count("req_local_miss");
    else if (isUsable(asked.headers, stored.head, this.#now()) && isStoredFor(asked, stored)) {
      this.#countHit(asked, stored);
      await this.#sendStored(asked, stored, `hit, ${stored.place}`);
      return;
    }
    if (CacheControl.of(asked.headers).has("only-if-cached")) {
      answerText(asked.response, 504, `${asked.url} is not in the cache, and only-if-cached was asked for`);
      return;
    }
    if (asked.method === "HEAD") await this.#head(asked, stored);
    else if (hasHeader(asked.headers, "range")) await this.#direct(asked, { outcome: "fetch, uncached" });
    else await this.#fetch(asked, stored);
  }

  /** Neither from the cache nor for it. */
  async #direct(asked: Asked, { outcome }: { outcome?: string } = {}): Promise<void> {
    const { message, method, headers, resource, signal, response } = asked;
    this.#options.log.count("req_forward");
    const body = hasFraming(fromRawHeaders(message.rawHeaders)) ? message : undefined;
    const answer = await this.#options.origin.send(resource, { method, headers, body }, signal);
    if (!SAFE_METHODS.includes(method) && answer.status < 400) {
      for (const changed of invalidated(resource, answer.headers)) this.#invalidate(changed);
    }
    answerHead(response, answer, { outcome });
    await passOn(response, answer.body);
  }

  /** What is kept is no longer right, nor what is on its way to that. */
  #invalidate(resource: Resource): void {
    this.#options.cache.remove(resource);
    this.#flights.outdate(formatResource(resource));
  }

  async #head(asked: Asked, stored: StoredResponse | undefined): Promise<void> {
    const { headers, resource, signal, response, url } = asked;
    this.#options.log.count("req_forward");
    const flight = this.#flights.begin(url, { isAlone: true });
    try {
      const answer = await this.#options.origin.send(resource, { method: "HEAD", headers }, signal);
      if (stored !== undefined && answer.status === 200) {
        const isSame = agrees(stored.head.headers, answer.headers);
        if (isSame) await this.#freshen(asked, stored, answer, flight);
        else if (!isPersonal(asked)) this.#options.cache.remove(resource);
      }
      answerHead(response, answer, { outcome: undefined });
      await passOn(response, answer.body);
    } finally {
      flight.end();
    }
  }

  /** Asks the origin, unless somebody is at it already. */
  async #fetch(asked: Asked, stored: StoredResponse | undefined): Promise<void> {
    const isAlone = isConditional(asked.headers) && stored === undefined;
    const shared = isAlone || mustAsk(asked) ? undefined : await this.#flights.find(asked.url);
    if (shared !== undefined && isFor(shared, asked)) {
      this.#options.log.count("req_joined");
      answerHead(asked.response, shared.answer, { outcome: shared.outcome, id: keyOf(asked.resource) });
      await sendBody(asked.response, shared.spool.read());
      return;
    }
    const flight = this.#flights.begin(asked.url, { isAlone });
    try {
      await this.#lead(asked, stored, flight);
    } finally {
      flight.tell(undefined);
      flight.end();
    }
  }

  async #lead(asked: Asked, stored: StoredResponse | undefined, flight: OwnFlight): Promise<void> {
    const { origin, log } = this.#options;
    const headers = stored === undefined ? asked.headers : withValidators(asked.headers, stored.head.headers);
    let answer: OriginAnswer;
    log.count("req_forward");
    // Not the client's signal: others may be waiting for it by now.
    const ending = new AbortController();
    try {
      answer = await origin.send(asked.resource, { method: "GET", headers }, ending.signal);
    } catch (error) {
      if (stored === undefined || !this.#mayStandIn(asked, stored, "unreachable")) throw error;
      log.failed(asked.resource, error);
      await this.#standIn(asked, stored, flight);
      return;
    }
    if (stored !== undefined && answer.status === 304) {
      answer.body.resume();
      const fresh = await this.#freshen(asked, stored, answer, flight);
      log.count("req_revalidated");
      // Before it is sent: nobody has to wait for this client.
      flight.tell(undefined);
      await this.#sendStored(asked, withCookies(fresh, answer), "revalidated");
    } else if (stored !== undefined && answer.status >= 500 && this.#mayStandIn(asked, stored, "error")) {
      answer.body.destroy();
      await this.#standIn(asked, stored, flight);
    } else {
      await this.#receive(asked, answer, flight);
    }
  }

  /** Sends the origin's answer on and keeps it if it may be kept. */
  async #receive(asked: Asked, answer: OriginAnswer, flight: OwnFlight): Promise<void> {
    const { log, maxBodyBytes, cache } = this.#options;
    const { resource, response, url } = asked;
    const kept = answer.isDelimited ? keeping(asked.headers, answer, this.#now()) : undefined;
    const names = varyNames(answer.headers);
    const isTooLarge = Number(headerValue(answer.headers, "content-length") ?? 0) > maxBodyBytes;
    if (kept === undefined || names === "*" || isTooLarge) {
      this.#flights.markUnshared(url);
      if (isPersonal(asked))
        log.info(() => `${url} is not shared: ${personalNames(asked.headers)} in the request`);
      flight.tell(undefined);
      log.count("rsp_not_cached");
      log.fetched(resource, "no");
      answerHead(response, answer, { outcome: "fetch, uncached" });
      await passOn(response, answer.body);
      return;
    }
    this.#flights.markShared(url);
    const outcome = kept === "long" ? "fetch, cached" : "fetch, cached, volatile";
    const spool = new Spool({
      createTemp: () => cache.createTemp(),
      memoryBytes: SPOOL_MEMORY_BYTES,
      maxBytes: maxBodyBytes,
    });
    spool.onIdle = () => {
      // Whoever comes now would get a part only.
      flight.leave();
      answer.body.destroy();
    };
    answerHead(response, answer, { outcome, id: keyOf(resource) });
    const sending = sendBody(response, spool.read());
    const shared = { ...answer, headers: withoutCookies(answer.headers) };
    flight.tell({ answer: shared, names, variant: variantOf(names, asked.headers), spool, outcome });
    await this.#keep(asked, answer, { spool, kept, flight });
    flight.end();
    spool.release();
    await sending;
  }

  async #keep(
    { resource, headers }: Asked,
    answer: OriginAnswer,
    { spool, kept, flight }: { spool: Spool; kept: Keeping; flight: OwnFlight },
  ): Promise<void> {
    const { cache, log } = this.#options;
    const { status, requestedMs, receivedMs } = answer;
    try {
      for await (const chunk of answer.body) await spool.append(chunk as Uint8Array);
      if (!answer.body.complete) throw new Error("the origin's answer broke off");
    } catch (error) {
      await spool.fail(error);
      log.failed(resource, error);
      return;
    }
    const body = await spool.finish();
    if (body === undefined || flight.isOutdated) {
      log.count("rsp_not_cached");
      discard(body);
      return;
    }
    try {
      cache.keep(
        resource,
        headers,
        { status, headers: withoutCookies(answer.headers), requestedMs, receivedMs },
        { body, keeping: kept },
      );
      log.count(kept === "long" ? "rsp_save" : "rsp_save_memory");
      log.count("rsp_save_bytes", body.sizeBytes);
      log.fetched(resource, kept === "long" ? "yes" : "mem");
    } catch (error) {
      log.notKept(resource, error);
      discard(body);
    }
  }

  /**
   * What the client gets when the origin has confirmed what is stored: with the fields that came, which are kept only if
   * a whole answer with them would be, and if what is stored was not made invalid meanwhile. Else they are for this
   * client alone.
   */
  async #freshen(
    asked: Asked,
    stored: StoredResponse,
    answer: OriginAnswer,
    flight: OwnFlight,
  ): Promise<StoredResponse> {
    const head = freshened(stored.head, answer);
    const told = { ...head, headers: [...head.headers, ...cookiesOf(answer.headers)] };
    const kept = flight.isOutdated ? undefined : keeping(asked.headers, told, this.#now());
    if (kept !== undefined) return await stored.freshen(head, { upload: kept === "long" });
    // To nobody in particular: then it is of the stored response, too.
    if (!isPersonal(asked) && forbidsStoring(head)) this.#options.cache.remove(asked.resource);
    return { ...stored, head };
  }

  async #standIn(asked: Asked, stored: StoredResponse, flight: OwnFlight): Promise<void> {
    this.#options.log.count("req_stale");
    // Before it is sent: nobody has to wait for this client.
    flight.tell(undefined);
    await this.#sendStored(asked, stored, "stale");
  }

  #mayStandIn(asked: Asked, stored: StoredResponse, trouble: "unreachable" | "error"): boolean {
    return isStoredFor(asked, stored) && mayStandIn(asked.headers, stored.head, this.#now(), trouble);
  }

  async #sendStored(asked: Asked, stored: StoredResponse, outcome: string): Promise<void> {
    const { head, body } = stored;
    const note = { outcome, id: keyOf(asked.resource) };
    await answerStored(asked, asked.response, { head, body, nowMs: this.#now(), note });
  }

  #countHit({ resource }: Asked, { place, body }: StoredResponse): void {
    const { log } = this.#options;
    const names = { memory: "req_memory_hit", local: "req_local_hit", remote: "req_fault_hit" };
    log.count(names[place]);
    log.hit(resource, PLACE_NAMES[place], body.sizeBytes);
  }

  /** The answer to a request that nobody could answer. */
  #refuse({ response, resource, url, signal }: Asked, error: unknown): void {
    if (signal.aborted) return;
    this.#options.log.failed(resource, error);
    if (response.headersSent) response.destroy();
    else if (error instanceof UnreachableError) {
      answerText(response, error.isTimeout ? 504 : 502, describeError(error));
    } else answerText(response, 502, `${url}: ${describeError(error)}`);
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

/** What is not kept after all leaves no file. */
function discard(body: FinishedBody | undefined): void {
  if (body !== undefined && "temp" in body) body.temp.discard();
}

function isForCache(asked: Asked): boolean {
  const { method, headers } = asked;
  if ((method !== "GET" && method !== "HEAD") || hasBody(asked)) return false;
  return !CacheControl.of(headers).has("no-store") && !isForOrigin(headers);
}

function hasBody({ message }: Asked): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = message.headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

/** Whether the client wants the origin's own word. */
function mustAsk({ headers }: Asked): boolean {
  const control = CacheControl.of(headers);
  return control.has("no-cache") || control.seconds("max-age") === 0;
}

function isFor({ names, variant, answer }: FlightResult, { headers }: Asked): boolean {
  return variantOf(names, headers) === variant && mayShare(headers, answer.headers);
}

/** Whether what is stored can be given to this client without a word of the origin. */
function isStoredFor({ headers }: Asked, { head }: StoredResponse): boolean {
  return mayShare(headers, head.headers);
}

function isPersonal({ headers }: Asked): boolean {
  return personalNames(headers).length > 0;
}
