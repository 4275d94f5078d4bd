import type { ObjectSum } from "../lib/object-sum.ts";
import { Patience } from "./patience.ts";

/**
 * Why a session bypasses the remote: waiting does not pay, failed lookups took more than five seconds, or the remote
 * does not answer.
 */
export type BypassReason = "slow" | "failing" | "unanswered";

/** One go command. Each one books its own waiting. */
export interface ReadSession {
  /** Called each time the session begins to bypass the remote; `text` is for the user. */
  onBypass?(why: BypassReason, text: string): void;
}

/** One session's waits for a remote. */
export class SessionWaits {
  readonly patience: Patience;
  /** The bypass reason that was last reported to the session. */
  bypassed: BypassReason | undefined;
  readonly #received: ObjectSum | undefined;
  readonly #waiting = new Set<() => void>();
  #seen = { count: 0, sizeBytes: 0 };

  constructor({ received, isOnProbation }: WaitsOptions) {
    this.#received = received;
    this.patience = new Patience({ isOnProbation });
    this.takeReceived(undefined);
  }

  /**
   * The result of `lookUp`; `undefined` if the session stops waiting before, also if other lookups used up the limit.
   * The lookup itself continues.
   */
  async awaitBounded<T>(lookUp: Promise<T>): Promise<T | undefined> {
    const { maxWaitMs } = this.patience;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stopWaiting = () => resolve(undefined);
    // The limit applies to all waits of the session together.
    const timer = Number.isFinite(maxWaitMs) ? setTimeout(() => this.stopWaiting(), maxWaitMs) : undefined;
    this.#waiting.add(stopWaiting);
    try {
      return await Promise.race([lookUp, promise]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(stopWaiting);
    }
  }

  /** Ends all waits. */
  stopWaiting(): void {
    for (const stopWaiting of this.#waiting) stopWaiting();
  }

  /** Outputs received since the last call. `found`: the result of the lookup that just ended. */
  takeReceived(found: { sizeBytes: number } | undefined): { count: number; sizeBytes: number } {
    if (this.#received === undefined)
      return { count: found === undefined ? 0 : 1, sizeBytes: found?.sizeBytes ?? 0 };
    const { count, sizeBytes } = this.#received;
    const seen = this.#seen;
    this.#seen = { count, sizeBytes };
    return { count: count - seen.count, sizeBytes: sizeBytes - seen.sizeBytes };
  }

  /** The reason as text for the user. */
  describe(why: BypassReason): string {
    const { waitedMs, savedMs } = this.patience.sums;
    const asBefore = this.patience.isOnProbation ? ", like the session before" : "";
    const reasons = {
      slow: `waited ${inSeconds(waitedMs)}, saved at most ${inSeconds(savedMs)}${asBefore}`,
      failing: "waited more than 5 s for lookups that failed",
      unanswered: "no answer",
    };
    return `bypassed: ${reasons[why]}`;
  }
}

interface WaitsOptions {
  /** See `ReadGate`. */
  received: ObjectSum | undefined;
  /** Whether waiting did not pay for the previous session. */
  isOnProbation: boolean;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
