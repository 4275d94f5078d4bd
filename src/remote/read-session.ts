import type { ObjectSum } from "../lib/object-sum.ts";
import { WaitLedger } from "./wait-ledger.ts";

/** Why a session does without the remote: waiting does not pay, five seconds went on failures, or no answers come. */
export type BypassReason = "slow" | "failing" | "unanswered";

/** One go command, whose waiting it is. */
export interface ReadSession {
  /** Told each time that the remote is left alone from now on; `text` is for people. */
  onBypass?(why: BypassReason, text: string): void;
}

/** How waiting for a remote has gone for one session. */
export class SessionWaits {
  readonly ledger: WaitLedger;
  /** Why nothing is looked up now, as far as the session was told. */
  bypassed: BypassReason | undefined;
  readonly #received: ObjectSum | undefined;
  readonly #waiting = new Set<() => void>();
  #seen = { count: 0, sizeBytes: 0 };

  constructor({ received, isOnProbation }: WaitsOptions) {
    this.#received = received;
    this.ledger = new WaitLedger({ isOnProbation });
    this.takeReceived(undefined);
  }

  /**
   * What `lookUp` comes to; `undefined` when the session's patience ends before that, be it because of other look-ups.
   * The work behind it goes on.
   */
  async awaitBounded<T>(lookUp: Promise<T>): Promise<T | undefined> {
    const { maxWaitMs } = this.ledger;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stopWaiting = () => resolve(undefined);
    // Of all, for they wait for the same.
    const timer = Number.isFinite(maxWaitMs) ? setTimeout(() => this.stopWaiting(), maxWaitMs) : undefined;
    this.#waiting.add(stopWaiting);
    try {
      return await Promise.race([lookUp, promise]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(stopWaiting);
    }
  }

  /** Ends the patience of all who wait. */
  stopWaiting(): void {
    for (const stopWaiting of this.#waiting) stopWaiting();
  }

  /** What has been received since the last call; `found` is what a look-up has just ended with. */
  takeReceived(found: { sizeBytes: number } | undefined): { count: number; sizeBytes: number } {
    if (this.#received === undefined)
      return { count: found === undefined ? 0 : 1, sizeBytes: found?.sizeBytes ?? 0 };
    const { count, sizeBytes } = this.#received;
    const seen = this.#seen;
    this.#seen = { count, sizeBytes };
    return { count: count - seen.count, sizeBytes: sizeBytes - seen.sizeBytes };
  }

  /** The reason for people. */
  describe(why: BypassReason): string {
    const { waitedMs, savedMs } = this.ledger.sums;
    const asBefore = this.ledger.isOnProbation ? ", as little as before" : "";
    const reasons = {
      slow: `waiting for it has cost ${inSeconds(waitedMs)} and can have saved ${inSeconds(savedMs)}${asBefore}`,
      failing: "more than five seconds were waited for what failed",
      unanswered: "it does not answer",
    };
    return `left alone, ${reasons[why]}`;
  }
}

interface WaitsOptions {
  /** All that comes, where that is more than what is asked for. */
  received: ObjectSum | undefined;
  /** Whether waiting did not pay for the session before. */
  isOnProbation: boolean;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
