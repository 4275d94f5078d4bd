import { abortable } from "../../../lib/async/abortable.ts";
import { Deadline, TimeoutError } from "../../../lib/async/deadline.ts";
import { SingleFlight } from "../../../lib/async/single-flight.ts";
import { EMPTY_SHA256 } from "../../../lib/bytes/empty-sha256.ts";
import type { Counters } from "../../../lib/counters.ts";
import type { ObjectSum } from "../../../lib/object-sum.ts";
import type { GuardedStore } from "../../../store/guard/guarded-store.ts";
import { NotSentError } from "../../../store/not-sent-error.ts";
import { transferLimitMs } from "../../../store/transfer-limits.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { PackedEntry, Place } from "../format/entry.ts";
import type { Claims } from "./claims.ts";
import { FetchQueue } from "./fetch-queue.ts";
import { FrameWriter } from "./frame-writer.ts";
import { fetchLargeOutput, isLarge } from "./large-output.ts";
import { isBadPack } from "./pack-stream.ts";
import type { PrefetchPlan } from "./prefetch-plan.ts";
import type { PrefetchRoom } from "./prefetch-room.ts";
import { ReadyRecords } from "./ready-records.ts";
import { SlowWatch } from "./slow-watch.ts";
import { WantedOutput } from "./wanted-output.ts";
import { RECORD_BYTES, recordActions, writeEmpty } from "./write-output.ts";

/** Outputs that are planned at once: each takes about 2 KB of memory until it is here. */
const MAX_PLANNED = 1_000;

/**
 * Fetches outputs from packs to the local disk: first those that go waits for, then those that it will most likely
 * request next.
 */
export class Restorer {
  readonly #options: RestorerOptions;
  readonly #controller = new AbortController();
  readonly #writer: FrameWriter;
  readonly #queue: FetchQueue;
  /** Outputs that are in progress or have failed, by id. */
  readonly #wanted = new Map<string, WantedOutput>();
  readonly #large = new SingleFlight<boolean>();
  /** Requests for large outputs in flight, and what has arrived by all of them. */
  #largeFetches = 0;
  #largeBytes = 0;
  #isWatched = false;
  /** Entries with their output on the local disk, but most likely without the action's record. */
  readonly #ready: ReadyRecords;
  readonly #plans: ({ plan: Plan } & PrefetchOptions)[] = [];
  #planning: Promise<void> | undefined;
  /** What the outputs in progress will take on the disk, with the records of their actions. */
  #pendingBytes = 0;
  #firstFailure: unknown;

  constructor(options: RestorerOptions) {
    this.#options = options;
    this.#writer = new FrameWriter(options);
    this.#ready = new ReadyRecords(options.local, (addedBytes) => options.room?.add(addedBytes));
    this.#queue = new FetchQueue({
      ...options,
      signal: this.#controller.signal,
      isLocal: ({ outputId, sizeBytes }) => this.#isLocal(outputId, sizeBytes),
      writer: this.#writer,
    });
  }

  /**
   * Starts fetching the outputs of a plan that are not on the local disk, and adds those that arrive to `received`.
   * `onPlanned`: receives all entries of the plan, a pack at a time.
   */
  prefetch(plan: Plan, options: PrefetchOptions = {}): void {
    this.#plans.push({ plan, ...options });
    this.#plan();
  }

  /** Fetches the outputs of these entries, of one pack, with priority: go waits for one of them. */
  prefetchNow(entries: PackedEntry[], options: PrefetchOptions = {}): void {
    this.#start(entries, options, true);
  }

  /**
   * Fetches one output with priority and adds it to `received`. `false`: it is not available. Rejects if the
   * store fails or is slow, with a `WrongBytesError` if its bytes are wrong, and with a `NotSentError` if the wait
   * ended before the request was sent.
   */
  async fetch(entry: PackedEntry, received?: ObjectSum): Promise<boolean> {
    const { outputId, sizeBytes, place } = entry;
    if (this.#isLocal(outputId, sizeBytes)) return true;
    if (outputId === EMPTY_SHA256) return writeEmpty(outputId, this.#options.local);
    if (place === undefined) return false;
    if (isLarge(entry, place)) {
      const isThere = await this.#fetchLargeOnce(entry, place);
      if (isThere) received?.add(sizeBytes);
      return isThere;
    }
    const known = this.#wanted.get(outputId);
    // An output that one pack lacks may be in another.
    const output = known === undefined || known.stage === "done" ? this.#request(entry, place) : known;
    output.isAwaited = true;
    if (received !== undefined) output.countedBy.add(received);
    if (output.stage === "buffered") this.#writer.writeNow(output);
    if (output.stage === "queued") this.#queue.prioritize(output);
    return await this.#arrivalOf(output);
  }

  /** Resolves when all prefetched outputs are written or failed. */
  async idle(): Promise<void> {
    await this.#planning;
    await Promise.allSettled([...this.#wanted.values()].map(({ arrival }) => arrival));
    await this.#ready.idle();
  }

  /** Until disposed, ends all fetching when the bucket turns out to be slow. For who waits for all of it. */
  watch(): SlowWatch {
    this.#isWatched = true;
    return new SlowWatch({
      isWaiting: () => this.#largeFetches > 0 || (this.#queue.isReceiving && this.#writer.isIdle),
      receivedBytes: () => this.#queue.receivedBytes + this.#largeBytes,
      graceMs: this.#options.store.timeoutMs,
      onSlow: (error) => this.stop(error),
    });
  }

  /** Why the first of the outputs that failed did; `undefined`: none has, or its pack was gone. */
  get firstFailure(): unknown {
    return this.#firstFailure;
  }

  /** Bytes in flight, or in memory and not written yet. */
  get bytesUnderWay(): number {
    return this.#queue.bytesUnderWay;
  }

  /** Aborts all requests and fails all queued outputs. `error`: why, unless the session has ended. */
  stop(error?: Error): void {
    this.#firstFailure ??= error;
    this.#controller.abort(new Error("the session has ended"));
    this.#plans.length = 0;
    this.#queue.clear();
  }

  /** Writes all received outputs to the disk and releases the claims. */
  async finish(): Promise<void> {
    await this.#ready.idle();
    await this.#writer.finish();
    this.#options.room?.save();
    this.#options.claims.releaseAll();
  }

  #plan(): void {
    this.#planning ??= this.#planNext().finally(() => {
      this.#planning = undefined;
      if (this.#plans.length > 0) this.#plan();
    });
  }

  /** Plans pack by pack, as far ahead as memory allows. */
  async #planNext(): Promise<void> {
    for (let next = this.#plans[0]; next !== undefined; next = this.#plans[0]) {
      const { plan, ...options } = next;
      const entries = this.#controller.signal.aborted ? undefined : plan.next();
      if (entries === undefined) this.#plans.shift();
      else this.#start(entries, options, false);
      while (this.#queue.outputs > MAX_PLANNED) await this.#queue.released();
    }
  }

  #start(entries: PackedEntry[], { received, onPlanned }: PrefetchOptions, isAwaited: boolean): void {
    onPlanned?.(entries);
    const outputs = entries.flatMap((entry) => this.#newOutput(entry));
    if (received !== undefined)
      for (const { outputId } of entries) this.#wanted.get(outputId)?.countedBy.add(received);
    if (outputs.length > 0) this.#queue.add(outputs, isAwaited);
  }

  #newOutput(entry: PackedEntry): WantedOutput[] {
    const { outputId, sizeBytes, place } = entry;
    if (!this.#hasRoomFor(sizeBytes)) {
      this.#options.counters.add("prefetch_left");
      // What is left of the plans may be millions of entries.
      this.#plans.length = 0;
      return [];
    }
    const known = this.#wanted.get(outputId);
    if (known !== undefined && known.stage !== "done") {
      known.entries.push(entry);
      this.#pendingBytes += RECORD_BYTES;
      return [];
    }
    if (
      this.#isLocal(outputId, sizeBytes) ||
      (outputId === EMPTY_SHA256 && writeEmpty(outputId, this.#options.local))
    ) {
      this.#ready.add(entry);
      return [];
    }
    if (known !== undefined || place === undefined || isLarge(entry, place)) return [];
    return [this.#register(entry, place)];
  }

  /** Whether an output may be prefetched, with the record of its action, beside all that is under way. */
  #hasRoomFor(sizeBytes: number): boolean {
    const recordBytes = RECORD_BYTES * (this.#ready.count + 1);
    return this.#options.room?.hasRoomFor(this.#pendingBytes + sizeBytes + recordBytes) ?? true;
  }

  #register(entry: PackedEntry, place: Place): WantedOutput {
    const output = new WantedOutput(entry, place);
    this.#wanted.set(entry.outputId, output);
    this.#pendingBytes += entry.sizeBytes + RECORD_BYTES;
    const ended = (isHere: boolean) => {
      this.#pendingBytes -= entry.sizeBytes + RECORD_BYTES * output.entries.length;
      if (isHere && this.#wanted.get(entry.outputId) === output) this.#wanted.delete(entry.outputId);
    };
    void output.arrival.then(ended, (error) => {
      this.#firstFailure ??= error;
      ended(false);
    });
    return output;
  }

  #request(entry: PackedEntry, place: Place): WantedOutput {
    const output = this.#register(entry, place);
    this.#queue.add([output], true);
    return output;
  }

  async #arrivalOf(output: WantedOutput): Promise<boolean> {
    using deadline = new Deadline(this.#waitLimitMs(output), this.#controller.signal);
    try {
      return await abortable(output.arrival, deadline.signal);
    } catch (error) {
      const isOwn = output.stage !== "queued" || this.#queue.isSent(output);
      if (isOwn || !(error instanceof TimeoutError)) throw error;
      throw new NotSentError("timed out in the queue before its request was sent", { cause: error });
    }
  }

  #waitLimitMs({ place }: WantedOutput): number {
    return this.#options.store.timeoutMs + transferLimitMs(this.#queue.bytesUnderWay + place.length);
  }

  #fetchLargeOnce(entry: PackedEntry, place: Place): Promise<boolean> {
    return this.#large.run(entry.outputId, () => this.#fetchLarge(entry, place));
  }

  async #fetchLarge(entry: PackedEntry, place: Place): Promise<boolean> {
    const { onBadPack, local, room } = this.#options;
    this.#largeFetches++;
    try {
      const isThere = await fetchLargeOutput({
        ...this.#options,
        entry,
        place,
        signal: this.#controller.signal,
        // The watch ends it when it is slow.
        isLong: this.#isWatched,
        onBytes: (count) => {
          this.#largeBytes += count;
        },
      });
      if (isThere) {
        const recordBytes = recordActions([entry], local);
        room?.add(entry.sizeBytes + recordBytes);
      } else onBadPack(place.pack.id, undefined);
      return isThere;
    } catch (error) {
      const isBad = isBadPack(error);
      this.#firstFailure ??= error;
      if (isBad || error instanceof WrongBytesError) onBadPack(place.pack.id, error);
      if (isBad) return false;
      throw error;
    } finally {
      this.#largeFetches--;
    }
  }

  #isLocal(outputId: string, sizeBytes: number): boolean {
    return this.#options.local.findOutput(outputId)?.sizeBytes === sizeBytes;
  }
}

/** Entries to prefetch, a pack at a time. */
type Plan = Pick<PrefetchPlan, "next">;

export interface PrefetchOptions {
  /** The outputs that arrive are added to this. */
  received?: ObjectSum | undefined;
  /** Receives all entries, a pack at a time. */
  onPlanned?: ((entries: PackedEntry[]) => void) | undefined;
}

export interface RestorerOptions {
  store: GuardedStore;
  local: LocalBuilds;
  claims: Claims;
  counters: Counters;
  /** `undefined`: no limit. */
  room?: PrefetchRoom | undefined;
  /** Called when a pack is gone (no error) or differs from its record. */
  onBadPack: (packId: string, error: unknown) => void;
}
