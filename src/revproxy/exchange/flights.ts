import type { OriginAnswer } from "../origin/origin-client.ts";
import type { Spool } from "../storage/spool.ts";

/** What became of a fetch, for those who came while it was under way. */
export interface FlightResult {
  answer: Omit<OriginAnswer, "body">;
  /** What `variantOf` the answer's fields made of the request. */
  names: readonly string[];
  variant: string;
  spool: Spool;
  outcome: string;
}

/** `undefined`: nothing that others could use. */
type Flight = Promise<FlightResult | undefined>;

/** Resources known to answer with nothing that could be shared, so that nobody waits for somebody else's answer. */
const MAX_UNSHARED = 2000;

/** A fetch as the one who does it sees it. */
export interface OwnFlight {
  /** Says what came of it; only the first time counts. */
  tell(result: FlightResult | undefined): void;
  /** From now on it can't be joined. */
  end(): void;
}

/** Fetches under way, by URL. */
export class Flights {
  readonly #flights = new Map<string, Flight>();
  readonly #unshared = new Set<string>();

  find(url: string): Flight | undefined {
    return this.#flights.get(url);
  }

  /** Announces a fetch, whose result has to be told in any case. */
  begin(url: string): OwnFlight {
    if (this.#unshared.has(url) || this.#flights.has(url))
      return { tell: () => undefined, end: () => undefined };
    const { promise, resolve } = Promise.withResolvers<FlightResult | undefined>();
    this.#flights.set(url, promise);
    const end = () => {
      if (this.#flights.get(url) === promise) this.#flights.delete(url);
    };
    const tell = (result: FlightResult | undefined) => {
      resolve(result);
      if (result !== undefined) {
        this.#unshared.delete(url);
        return;
      }
      end();
    };
    return { tell, end };
  }

  /** Its answers are nobody else's. */
  markUnshared(url: string): void {
    this.#unshared.add(url);
    const [oldest] = this.#unshared;
    if (this.#unshared.size > MAX_UNSHARED && oldest !== undefined) this.#unshared.delete(oldest);
  }

  /** Its answers can be shared, now. */
  markShared(url: string): void {
    this.#unshared.delete(url);
  }
}
