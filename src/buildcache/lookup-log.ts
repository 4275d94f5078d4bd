import { availableParallelism } from "node:os";
import { BusyTime } from "../lib/async/busy-time.ts";
import { shareTime } from "../lib/async/share-time.ts";
import type { Counters } from "../lib/counters.ts";
import type { MissReason } from "./miss-reason.ts";

/** Bounds on memory. Further misses are counted but not listed; further hits are ignored. */
const MAX_MISSES = 20_000;
const MAX_HITS = 200_000;
/** Sessions that compile fewer entries don't show how much go compiles in parallel. */
const MIN_PARALLEL = 50;

/** A lookup that missed. */
export interface Miss {
  /** Lower-case hex. */
  actionId: string;
  reason: MissReason;
  /** When go received the miss. */
  missedAtMs: number;
  /** Time from the miss to the put of the same action; `undefined`: go never put it. */
  compileMs: number | undefined;
}

/**
 * The lookups of one session: hits, misses, how long go compiled the missed entries, and how long it waited for the
 * remote.
 */
export class LookupLog {
  readonly #counters: Counters;
  readonly #now: () => number;
  readonly #processors: number;
  readonly #misses = new Map<string, Miss & { clockMs: number }>();
  readonly #hits = new Map<string, number>();
  readonly #waiting = new BusyTime();
  #unlisted = 0;

  constructor(
    counters: Counters,
    { now = () => performance.now(), processors = availableParallelism() } = {},
  ) {
    this.#counters = counters;
    this.#now = now;
    this.#processors = processors;
  }

  /** Counts the first lookup of an action only. `putTimeMs`: time of the put, here or on another machine. */
  hit(actionId: string, putTimeMs: number): void {
    const isFirst = !this.#hits.has(actionId) && !this.#misses.has(actionId);
    if (isFirst && this.#hits.size < MAX_HITS) this.#hits.set(actionId, putTimeMs);
  }

  /** Call when go receives the miss. */
  missed(actionId: string, reason: MissReason): void {
    if (this.#misses.has(actionId)) return;
    if (this.#misses.size === MAX_MISSES) {
      this.#unlisted++;
      return;
    }
    const clockMs = this.#now();
    this.#misses.set(actionId, { actionId, reason, missedAtMs: Date.now(), compileMs: undefined, clockMs });
  }

  /** Call when go begins to put an entry: it has compiled it. */
  compiled(actionId: string): void {
    const miss = this.#misses.get(actionId);
    if (miss !== undefined) miss.compileMs ??= this.#now() - miss.clockMs;
  }

  /**
   * Counts time from now until the returned function is called as waiting for the remote. Concurrent waits count once.
   */
  beginWait(): () => void {
    const startMs = this.#now();
    return () => {
      const beforeMs = Math.floor(this.#waiting.totalMs);
      this.#waiting.add(startMs, this.#now());
      const newMs = Math.floor(this.#waiting.totalMs) - beforeMs;
      if (newMs > 0) this.#counters.add("remote_wait_ms", newMs);
    };
  }

  get misses(): Miss[] {
    return [...this.#misses.values()].map(({ clockMs: _, ...miss }) => miss);
  }

  /** Number of misses beyond those listed. */
  get unlisted(): number {
    return this.#unlisted;
  }

  /** Put time of each hit, by action id. */
  get hits(): ReadonlyMap<string, number> {
    return this.#hits;
  }

  /**
   * The wall time of compiling each missed action, by id. Entries compiled in parallel split the time, so the sum is at
   * most the session's duration. In a build without any cache, an entry compiled alone here would compile in parallel
   * with others; a session with few entries therefore counts as if all processors had been busy.
   */
  get compileTimes(): [actionId: string, ms: number][] {
    const compiled = [...this.#misses.values()].flatMap(({ actionId, clockMs, compileMs }) =>
      compileMs === undefined ? [] : [{ actionId, startMs: clockMs, endMs: clockMs + compileMs, compileMs }],
    );
    const shares = shareTime(compiled);
    const isFew = compiled.length < MIN_PARALLEL;
    return compiled.map(({ actionId, compileMs }, index) => {
      const share = shares[index] ?? 0;
      return [actionId, isFew ? Math.min(share, compileMs / this.#processors) : share];
    });
  }
}
