import { BufferGarbage } from "../../../lib/bytes/buffer-garbage.ts";
import { freeBuffer } from "../../../lib/bytes/free-buffer.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { PackedKeys } from "../format/keys.ts";
import type { Claims } from "./claims.ts";
import { type Fetch, planFetches } from "./fetch-plan.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { isBadPack, streamFrames } from "./pack-stream.ts";
import type { WantedOutput } from "./wanted-output.ts";

/** Requests at once: few at first, so that on a thin line what is wanted first comes first. */
const FIRST_LIMIT = 4;
const LAST_LIMIT = 12;
/** A connection this fast leaves room for another. */
const FAST_BYTES_PER_MS = 8_000;
/** Bytes of packs in memory, on their way or waiting to be expanded. */
const MAX_BUFFERED_BYTES = 48 << 20;
const CLAIM_POLL_MS = 15;

/** Fetches frames, a bounded number of requests and of bytes at once, in the order in which they are wanted. */
export class FetchQueue {
  readonly #options: FetchQueueOptions;
  readonly #waiting: Fetch[] = [];
  readonly #fetchOf = new Map<WantedOutput, Fetch>();
  /** How many outputs of each are neither placed nor given up. */
  readonly #pending = new Map<Fetch, number>();
  /** Those whose bytes are in memory or on their way, and the bytes once all have come. */
  readonly #buffered = new Map<Fetch, Uint8Array<ArrayBuffer> | undefined>();
  readonly #garbage = new BufferGarbage();
  #bufferedBytes = 0;
  #limit = FIRST_LIMIT;
  #streaming = 0;

  constructor(options: FetchQueueOptions) {
    this.#options = options;
  }

  /** Plans and sends requests for `outputs`; those of a demanded output go before all others. */
  add(outputs: WantedOutput[], isDemanded: boolean): void {
    const fetches = planFetches(outputs);
    for (const fetch of fetches) {
      this.#pending.set(fetch, fetch.outputs.length);
      for (const output of fetch.outputs) this.#register(output, fetch);
    }
    if (isDemanded) this.#waiting.unshift(...fetches);
    else this.#waiting.push(...fetches);
    this.#pump();
  }

  /** Sends the request that brings `output` before all others that wait. */
  hurry(output: WantedOutput): void {
    const fetch = this.#fetchOf.get(output);
    const at = fetch === undefined ? -1 : this.#waiting.indexOf(fetch);
    if (at > 0) this.#waiting.unshift(...this.#waiting.splice(at, 1));
  }

  /** Bytes that come before, or with, an output that is wanted now. */
  get bytesUnderWay(): number {
    return this.#bufferedBytes;
  }

  /** Whether a request for it is under way; otherwise it waits for its turn, or for what another helper fetches. */
  isAsked(output: WantedOutput): boolean {
    const fetch = this.#fetchOf.get(output);
    return fetch !== undefined && this.#buffered.has(fetch);
  }

  /** Sends nothing more. What is under way ends with the signal. */
  clear(): void {
    for (const { outputs } of this.#waiting.splice(0)) for (const output of outputs) output.failed(undefined);
  }

  /** Once an output is written or given up, its part of the memory is not needed any more. */
  #register(output: WantedOutput, fetch: Fetch): void {
    this.#fetchOf.set(output, fetch);
    const release = () => this.#release(output, fetch);
    void output.arrival.then(release, release);
  }

  #release(output: WantedOutput, fetch: Fetch): void {
    if (this.#fetchOf.get(output) !== fetch) return;
    this.#fetchOf.delete(output);
    const pending = (this.#pending.get(fetch) ?? 0) - 1;
    this.#pending.set(fetch, pending);
    if (pending > 0) return;
    this.#pending.delete(fetch);
    this.#letGo(fetch);
  }

  /** No frame of it is needed any more. */
  #letGo(fetch: Fetch): void {
    const bytes = this.#buffered.get(fetch);
    if (!this.#buffered.delete(fetch)) return;
    if (bytes !== undefined) freeBuffer(bytes);
    this.#bufferedBytes -= fetch.length;
    this.#garbage.letGo(fetch.length);
    const { id } = fetch.pack;
    if (![...this.#buffered.keys()].some(({ pack }) => pack.id === id)) this.#options.claims.release(id);
    this.#pump();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#streaming < this.#limit && !this.#options.signal.aborted) {
      const next = this.#waiting[0] as Fetch;
      if (this.#bufferedBytes > 0 && this.#bufferedBytes + next.length > MAX_BUFFERED_BYTES) return;
      this.#waiting.shift();
      if (this.#options.claims.take(next.pack.id)) void this.#run(next);
      else void this.#awaitOther(next);
    }
  }

  async #run(fetch: Fetch): Promise<void> {
    this.#buffered.set(fetch, undefined);
    this.#bufferedBytes += fetch.length;
    this.#streaming++;
    const startedMs = performance.now();
    try {
      const bytes = await this.#stream(fetch);
      if (bytes === undefined) this.#options.onBadPack(fetch.pack.id, undefined);
      else if (this.#buffered.has(fetch)) this.#buffered.set(fetch, bytes);
      else freeBuffer(bytes);
      const bytesPerMs = fetch.length / (performance.now() - startedMs);
      if (bytesPerMs > FAST_BYTES_PER_MS) this.#limit = Math.min(this.#limit + 2, LAST_LIMIT);
      this.#failRest(fetch, undefined);
    } catch (error) {
      const isBad = isBadPack(error);
      if (isBad) this.#options.onBadPack(fetch.pack.id, error);
      // The store is in order, and so is every other pack.
      this.#failRest(fetch, isBad || this.#options.signal.aborted ? undefined : error);
    } finally {
      this.#streaming--;
      this.#pump();
    }
  }

  async #stream(fetch: Fetch): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { store, signal, writer } = this.#options;
    const key = new PackedKeys(fetch.pack.prefix).pack(fetch.pack.id);
    return await streamFrames({
      store,
      key,
      fetch,
      signal,
      onFrame: (output, frame) => writer.take(output, frame),
    });
  }

  /** Whatever has not come will not come. */
  #failRest(fetch: Fetch, error: unknown): void {
    for (const output of fetch.outputs) {
      if (output.stage !== "queued") continue;
      output.failed(error);
    }
  }

  /** Another helper is fetching this pack: what it puts on the disk need not be fetched. */
  async #awaitOther(fetch: Fetch): Promise<void> {
    const { claims, signal } = this.#options;
    while (!claims.take(fetch.pack.id)) {
      await Bun.sleep(CLAIM_POLL_MS);
      if (signal.aborted) break;
      this.#settleLocal(fetch.outputs.filter(({ isDemanded }) => isDemanded));
    }
    claims.release(fetch.pack.id);
    this.#settleLocal(fetch.outputs);
    const rest = fetch.outputs.filter(({ stage }) => stage !== "done");
    if (signal.aborted) for (const output of rest) output.failed(undefined);
    else this.add(rest, true);
  }

  /** Another helper may have written some of them. */
  #settleLocal(outputs: readonly WantedOutput[]): void {
    const { isLocal } = this.#options;
    for (const output of outputs) if (output.stage !== "done" && isLocal(output)) output.placed();
  }
}

export interface FetchQueueOptions {
  store: ObjectStore;
  signal: AbortSignal;
  claims: Claims;
  /** Whether the output has come to the local disk meanwhile. */
  isLocal: (output: WantedOutput) => boolean;
  writer: Pick<FrameWriter, "take">;
  /** This pack is gone (no error), or not what its record says. */
  onBadPack: (packId: string, error: unknown) => void;
}
