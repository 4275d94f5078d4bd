import type { OriginAnswer } from "../origin/origin-client.ts";
import type { Spool } from "../storage/spool.ts";

/** An answer that clients can join while it is received. */
interface SharedAnswer {
  answer: Omit<OriginAnswer, "body">;
  /** The request fields that the origin chose the answer by, and their values in the request (see `vary.ts`). */
  names: readonly string[];
  variant: string;
  spool: Spool;
  outcome: string;
}

/** `undefined`: others can't use the answer. */
type Joinable = Promise<SharedAnswer | undefined>;

/** How many resources are known not to be shareable; clients don't wait for each other's answers of these. */
const MAX_UNSHARED = 2000;

/** A request in flight, for the client that leads it. */
export interface Flight {
  /** The resource changed after the request began: the answer may be older, and must not be stored. */
  readonly isInvalidated: boolean;
  /** Resolves the promise of those that wait to join. Only the first call counts. */
  publish(result: SharedAnswer | undefined): void;
  /** No client can join from now on. */
  close(): void;
  /** Nothing more will be stored. */
  end(): void;
}

/** Requests in flight by URL, so that one answer serves all clients that ask meanwhile (request collapsing). */
export class Flights {
  readonly #joinable = new Map<string, Joinable>();
  readonly #inFlight = new Set<{ url: string; isInvalidated: boolean }>();
  readonly #unshared = new Set<string>();

  find(url: string): Joinable | undefined {
    return this.#joinable.get(url);
  }

  /** The caller must `publish` and `end` it, whatever happens. */
  begin(url: string, { isJoinable }: { isJoinable: boolean }): Flight {
    const { promise, resolve } = Promise.withResolvers<SharedAnswer | undefined>();
    if (isJoinable && !this.#unshared.has(url) && !this.#joinable.has(url)) this.#joinable.set(url, promise);
    const close = () => {
      if (this.#joinable.get(url) === promise) this.#joinable.delete(url);
    };
    const flight = {
      url,
      isInvalidated: false,
      publish: (result: SharedAnswer | undefined) => {
        resolve(result);
        if (result === undefined) close();
      },
      close,
      end: () => {
        close();
        this.#inFlight.delete(flight);
      },
    };
    this.#inFlight.add(flight);
    return flight;
  }

  /** The resource has changed: only clients that wait already get what is in flight. */
  invalidate(url: string): void {
    this.#joinable.delete(url);
    for (const flight of this.#inFlight) if (flight.url === url) flight.isInvalidated = true;
  }

  markUnshared(url: string): void {
    this.#unshared.add(url);
    const [oldest] = this.#unshared;
    if (this.#unshared.size > MAX_UNSHARED && oldest !== undefined) this.#unshared.delete(oldest);
  }

  markShared(url: string): void {
    this.#unshared.delete(url);
  }
}
