import { availableParallelism } from "node:os";
import { BusyTime } from "../lib/async/busy-time.ts";
import { shareTime } from "../lib/async/share-time.ts";
import type { Counters } from "../lib/counters.ts";
import { IdList } from "../lib/id-list.ts";
import { isSha256 } from "../lib/shape.ts";
import type { MissReason } from "./miss-reason.ts";

/** Bounds on memory, 6 and 8 MB. Further misses are counted but not listed; further hits are ignored. */
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
  readonly #hits = new IdList();
  /** Of each hit. */
  readonly #putTimesMs: number[] = [];
  readonly #waiting: BusyTime;
  #unlisted = 0;

  constructor(
    counters: Counters,
    { now = () => performance.now(), processors = availableParallelism() } = {},
  ) {
    this.#counters = counters;
    this.#now = now;
    this.#processors = processors;
    this.#waiting = new BusyTime(now);
  }

  /** Not of an action that has missed before. `putTimeMs`: time of the put, here or on another machine. */
  hit(actionId: string, putTimeMs: number): void {
    if (this.#hits.size === MAX_HITS || !isSha256(actionId) || this.#misses.has(actionId)) return;
    this.#hits.push(actionId);
    this.#putTimesMs.push(putTimeMs);
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

  /** Call for an entry that go has made without a put, with the time when it had it (ms since 1970). */
  compiledAt(actionId: string, atMs: number): void {
    const miss = this.#misses.get(actionId);
    if (miss !== undefined) miss.compileMs ??= Math.max(0, atMs - miss.missedAtMs);
  }

  /**
   * Counts time from now until the returned function is called as waiting for the remote. Concurrent waits count once.
   */
  beginWait(): () => void {
    this.#waiting.begin();
    return () => {
      this.#waiting.end();
      const newMs = Math.floor(this.#waiting.totalMs) - this.#counters.get("remote_wait_ms");
      if (newMs > 0) this.#counters.add("remote_wait_ms", newMs);
    };
  }

  get hasMisses(): boolean {
    return this.#misses.size > 0;
  }

  /** The action of the first listed miss whose id begins with `start`. */
  findMiss(start: string): string | undefined {
    for (const actionId of this.#misses.keys()) if (actionId.startsWith(start)) return actionId;
    return undefined;
  }

  get misses(): Miss[] {
    return [...this.#misses.values()].map(({ clockMs: _, ...miss }) => miss);
  }

  /** Number of misses beyond those listed. */
  get unlisted(): number {
    return this.#unlisted;
  }

  /** The hits; an action that was looked up again is there again. */
  *hits(): Generator<{ actionId: string; putTimeMs: number }, void> {
    let n = 0;
    for (const actionId of this.#hits) yield { actionId, putTimeMs: this.#putTimesMs[n++] ?? 0 };
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
