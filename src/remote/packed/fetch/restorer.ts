import { abortable } from "../../../lib/async/abortable.ts";
import { Deadline, TimeoutError } from "../../../lib/async/deadline.ts";
import { SingleFlight } from "../../../lib/async/single-flight.ts";
import { EMPTY_SHA256 } from "../../../lib/bytes/empty-sha256.ts";
import type { Counters } from "../../../lib/counters.ts";
import type { ObjectSum } from "../../../lib/object-sum.ts";
import type { GuardedStore } from "../../../store/guard/guarded-store.ts";
import { NotAskedError } from "../../../store/not-asked-error.ts";
import { transferLimitMs } from "../../../store/transfer-limits.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { PackedEntry, Place } from "../format/entry.ts";
import type { Claims } from "./claims.ts";
import { FetchQueue } from "./fetch-queue.ts";
import { FrameWriter } from "./frame-writer.ts";
import { fetchLargeOutput } from "./large-output.ts";
import { isBadPack } from "./pack-stream.ts";
import { WantedOutput } from "./wanted-output.ts";
import { recordActions } from "./write-output.ts";

/** Outputs larger than this come only when they are asked for, and never into memory. */
const LARGE_FRAME_BYTES = 8 << 20;
const LARGE_OUTPUT_BYTES = 32 << 20;
const READY_AT_ONCE = 16;

/**
 * Brings outputs from packs to the local disk: those that go waits for first, and everything that it will most likely
 * ask for next, so that it finds that on its own disk.
 */
export class Restorer {
  readonly #options: RestorerOptions;
  readonly #controller = new AbortController();
  readonly #writer: FrameWriter;
  readonly #queue: FetchQueue;
  /** Those that are not here yet, and those that could not be had. */
  readonly #wanted = new Map<string, WantedOutput>();
  readonly #large = new SingleFlight<boolean>();
  /** Entries whose output is on this machine, but most likely not the record of the action. */
  readonly #ready: PackedEntry[] = [];
  #recording: Promise<void> = Promise.resolve();

  constructor(options: RestorerOptions) {
    this.#options = options;
    this.#writer = new FrameWriter(options);
    this.#queue = new FetchQueue({
      ...options,
      signal: this.#controller.signal,
      isLocal: ({ outputId, sizeBytes }) => this.#isLocal(outputId, sizeBytes),
      writer: this.#writer,
    });
  }

  /** Begins to bring what is not on this machine yet; nobody waits for it. What comes is counted in `brought`. */
  prefetch(entries: PackedEntry[], brought?: ObjectSum): void {
    const outputs = entries.flatMap((entry) => this.#newOutput(entry));
    if (brought !== undefined)
      for (const { outputId } of entries) this.#wanted.get(outputId)?.countedBy.add(brought);
    if (outputs.length > 0) this.#queue.add(outputs, false);
    this.#recording = this.#recording.then(() => this.#recordReady());
  }

  /**
   * Brings one output, and counts it in `brought`. `false`: there is none to be had. Rejects when the store fails or is
   * slow, with a `WrongBytesError` when it has other bytes, and with a `NotAskedError` when nothing is known of it.
   */
  async bring(entry: PackedEntry, brought?: ObjectSum): Promise<boolean> {
    const { outputId, sizeBytes, place } = entry;
    if (this.#isLocal(outputId, sizeBytes)) return true;
    if (outputId === EMPTY_SHA256) return this.#makeEmpty(outputId);
    if (place === undefined) return false;
    if (isLarge(entry, place)) {
      const isThere = await this.#bringLarge(entry, place);
      if (isThere) brought?.add(sizeBytes);
      return isThere;
    }
    const known = this.#wanted.get(outputId);
    // What could not be had from one pack may lie in another.
    const output = known === undefined || known.stage === "done" ? this.#demand(entry, place) : known;
    output.isDemanded = true;
    if (brought !== undefined) output.countedBy.add(brought);
    if (output.stage === "held") this.#writer.writeNow(output);
    if (output.stage === "queued") this.#queue.hurry(output);
    return await this.#arrivalOf(output);
  }

  /** Resolves when all that was to be prefetched is placed, or given up. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#wanted.values()].map(({ arrival }) => arrival));
    await this.#recording;
  }

  /** Bytes that are being fetched, or wait to be placed. */
  get bytesUnderWay(): number {
    return this.#queue.bytesUnderWay;
  }

  /** Drops what is on its way. */
  stop(): void {
    this.#controller.abort(new Error("the session has ended"));
    this.#queue.clear();
  }

  /** Puts on the disk what has come already. */
  async finish(): Promise<void> {
    await this.#recording;
    await this.#writer.finish();
    this.#options.claims.releaseAll();
  }

  #newOutput(entry: PackedEntry): WantedOutput[] {
    const { outputId, sizeBytes, place } = entry;
    const known = this.#wanted.get(outputId);
    if (known !== undefined && known.stage !== "done") {
      known.entries.push(entry);
      return [];
    }
    if (this.#isLocal(outputId, sizeBytes) || (outputId === EMPTY_SHA256 && this.#makeEmpty(outputId))) {
      this.#ready.push(entry);
      return [];
    }
    if (known !== undefined || place === undefined || isLarge(entry, place)) return [];
    return [this.#register(entry, place)];
  }

  #register(entry: PackedEntry, place: Place): WantedOutput {
    const output = new WantedOutput(entry, place);
    this.#wanted.set(entry.outputId, output);
    void output.arrival.then(
      (isHere) => {
        if (isHere && this.#wanted.get(entry.outputId) === output) this.#wanted.delete(entry.outputId);
      },
      () => undefined,
    );
    return output;
  }

  #demand(entry: PackedEntry, place: Place): WantedOutput {
    const output = this.#register(entry, place);
    this.#queue.add([output], true);
    return output;
  }

  async #arrivalOf(output: WantedOutput): Promise<boolean> {
    using deadline = new Deadline(this.#waitLimitMs(output), this.#controller.signal);
    try {
      return await abortable(output.arrival, deadline.signal);
    } catch (error) {
      const isOwn = output.stage !== "queued" || this.#queue.isAsked(output);
      if (isOwn || !(error instanceof TimeoutError)) throw error;
      throw new NotAskedError("waited for others that fetch before it", { cause: error });
    }
  }

  #waitLimitMs({ place }: WantedOutput): number {
    return this.#options.store.timeoutMs + transferLimitMs(this.#queue.bytesUnderWay + place.length);
  }

  #bringLarge(entry: PackedEntry, place: Place): Promise<boolean> {
    return this.#large.run(entry.outputId, () => this.#fetchLarge(entry, place));
  }

  async #fetchLarge(entry: PackedEntry, place: Place): Promise<boolean> {
    const { onBadPack, local } = this.#options;
    try {
      const isThere = await fetchLargeOutput({
        ...this.#options,
        entry,
        place,
        signal: this.#controller.signal,
      });
      if (isThere) recordActions([entry], local);
      else onBadPack(place.pack.id, undefined);
      return isThere;
    } catch (error) {
      const isBad = isBadPack(error);
      if (isBad || error instanceof WrongBytesError) onBadPack(place.pack.id, error);
      if (isBad) return false;
      throw error;
    }
  }

  /** A few at a time, like outputs. */
  async #recordReady(): Promise<void> {
    for (let some = this.#ready.splice(0, READY_AT_ONCE); some.length > 0; ) {
      await new Promise(setImmediate);
      try {
        recordActions(some, this.#options.local);
      } catch {
        // A disk that takes none: then go has to ask.
      }
      some = this.#ready.splice(0, READY_AT_ONCE);
    }
  }

  /** `false`: the disk takes none. Never throws, or what is prefetched together with it would be waited for in vain. */
  #makeEmpty(outputId: string): boolean {
    let file: ReturnType<LocalBuilds["createOutput"]> | undefined;
    try {
      file = this.#options.local.createOutput(outputId);
      file.commit();
      return true;
    } catch {
      file?.discard();
      return false;
    }
  }

  #isLocal(outputId: string, sizeBytes: number): boolean {
    return this.#options.local.findOutput(outputId)?.sizeBytes === sizeBytes;
  }
}

function isLarge(entry: PackedEntry, place: Place): boolean {
  return entry.sizeBytes > LARGE_OUTPUT_BYTES || place.length > LARGE_FRAME_BYTES;
}

export interface RestorerOptions {
  store: GuardedStore;
  local: LocalBuilds;
  claims: Claims;
  counters: Counters;
  /** This pack is gone (no error), or not what its record says. */
  onBadPack: (packId: string, error: unknown) => void;
}
