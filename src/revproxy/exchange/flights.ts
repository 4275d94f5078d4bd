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
type Joinable = Promise<FlightResult | undefined>;

/** Resources known to answer with nothing that could be shared, so that nobody waits for somebody else's answer. */
const MAX_UNSHARED = 2000;

/** A fetch as the one who does it sees it. */
export interface OwnFlight {
  /** Its resource was changed after it began: what comes of it may be from before, and must not be kept. */
  readonly isOutdated: boolean;
  /** Says what came of it; only the first time counts. */
  tell(result: FlightResult | undefined): void;
  /** From now on it can't be joined. */
  leave(): void;
  /** It is over, and nothing more of it will be kept. */
  end(): void;
}

/** Fetches under way, by URL. */
export class Flights {
  readonly #joinable = new Map<string, Joinable>();
  readonly #underWay = new Set<{ url: string; isOutdated: boolean }>();
  readonly #unshared = new Set<string>();

  find(url: string): Joinable | undefined {
    return this.#joinable.get(url);
  }

  /** Announces a fetch, whose result has to be told, and its end, in any case. `isAlone`: it is nobody else's. */
  begin(url: string, { isAlone }: { isAlone: boolean }): OwnFlight {
    const { promise, resolve } = Promise.withResolvers<FlightResult | undefined>();
    const isJoinable = !isAlone && !this.#unshared.has(url) && !this.#joinable.has(url);
    if (isJoinable) this.#joinable.set(url, promise);
    const leave = () => {
      if (this.#joinable.get(url) === promise) this.#joinable.delete(url);
    };
    const flight = {
      url,
      isOutdated: false,
      tell: (result: FlightResult | undefined) => {
        resolve(result);
        if (result === undefined) leave();
      },
      leave,
      end: () => {
        leave();
        this.#underWay.delete(flight);
      },
    };
    this.#underWay.add(flight);
    return flight;
  }

  /** The resource has been changed: what is under way is for those who wait for it already. */
  outdate(url: string): void {
    this.#joinable.delete(url);
    for (const flight of this.#underWay) if (flight.url === url) flight.isOutdated = true;
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
