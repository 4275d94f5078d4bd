import { freeBuffer } from "../../../lib/bytes/free-buffer.ts";
import { Garbage } from "../../../lib/garbage.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import { PackedKeys } from "../format/keys.ts";
import type { Claims } from "./claims.ts";
import { type Fetch, planFetches } from "./fetch-plan.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { isBadPack, streamFrames } from "./pack-stream.ts";
import type { WantedOutput } from "./wanted-output.ts";

/** Concurrent requests: few at first, so that on a slow line the first outputs arrive first. */
const FIRST_LIMIT = 4;
const LAST_LIMIT = 12;
/** A request this fast raises the limit of concurrent requests. */
const FAST_BYTES_PER_MS = 8_000;
/** The limit for bytes of packs in memory, in flight or waiting to be expanded. */
const MAX_BUFFERED_BYTES = 48 << 20;
const CLAIM_POLL_MS = 15;
/** The garbage of one output besides its frame. */
const OBJECTS_BYTES = 4 << 10;

/** Fetches frames in the order of the queue, with bounded numbers of concurrent requests and buffered bytes. */
export class FetchQueue {
  readonly #options: FetchQueueOptions;
  readonly #waiting: Fetch[] = [];
  readonly #fetchOf = new Map<WantedOutput, Fetch>();
  /** The number of outputs per fetch that are neither written nor failed. */
  readonly #pending = new Map<Fetch, number>();
  /** The fetches in flight (`undefined`) or in memory (their bytes). */
  readonly #buffered = new Map<Fetch, Uint8Array<ArrayBuffer> | undefined>();
  readonly #garbage = new Garbage();
  #bufferedBytes = 0;
  #onReleased: PromiseWithResolvers<void> | undefined;
  #limit = FIRST_LIMIT;
  #streaming = 0;
  #receivedBytes = 0;

  constructor(options: FetchQueueOptions) {
    this.#options = options;
  }

  /** Plans and enqueues requests for `outputs`; awaited ones go to the front of the queue. */
  add(outputs: WantedOutput[], isAwaited: boolean): void {
    const fetches = planFetches(outputs);
    for (const fetch of fetches) {
      this.#pending.set(fetch, fetch.outputs.length);
      for (const output of fetch.outputs) this.#register(output, fetch);
    }
    if (isAwaited) this.#waiting.unshift(...fetches);
    else this.#waiting.push(...fetches);
    this.#pump();
  }

  /** Moves the request for `output` to the front of the queue. */
  prioritize(output: WantedOutput): void {
    const fetch = this.#fetchOf.get(output);
    const at = fetch === undefined ? -1 : this.#waiting.indexOf(fetch);
    if (at > 0) this.#waiting.unshift(...this.#waiting.splice(at, 1));
  }

  /** Bytes that are in memory or in flight, ahead of a new request. */
  get bytesUnderWay(): number {
    return this.#bufferedBytes;
  }

  /** What has arrived of packs. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether packs are on their way. */
  get isReceiving(): boolean {
    return this.#streaming > 0;
  }

  /** The number of outputs that are neither written nor failed. */
  get outputs(): number {
    return this.#fetchOf.size;
  }

  /** Resolves when an output is written or has failed. */
  released(): Promise<void> {
    this.#onReleased ??= Promise.withResolvers();
    return this.#onReleased.promise;
  }

  /** Whether the output's request was sent; otherwise it is queued, or another helper fetches the pack. */
  isSent(output: WantedOutput): boolean {
    const fetch = this.#fetchOf.get(output);
    return fetch !== undefined && this.#buffered.has(fetch);
  }

  /** Fails all queued outputs. Requests in flight end with the signal. */
  clear(): void {
    for (const { outputs } of this.#waiting.splice(0)) for (const output of outputs) output.failed(undefined);
  }

  /** Registers an output and releases it once it is written or failed. */
  #register(output: WantedOutput, fetch: Fetch): void {
    this.#fetchOf.set(output, fetch);
    const release = () => this.#release(output, fetch);
    void output.arrival.then(release, release);
  }

  #release(output: WantedOutput, fetch: Fetch): void {
    if (this.#fetchOf.get(output) !== fetch) return;
    this.#fetchOf.delete(output);
    this.#onReleased?.resolve();
    this.#onReleased = undefined;
    const pending = (this.#pending.get(fetch) ?? 0) - 1;
    this.#pending.set(fetch, pending);
    if (pending > 0) return;
    this.#pending.delete(fetch);
    this.#releaseBuffer(fetch);
  }

  /** Frees the buffer of a fetch with no pending outputs. */
  #releaseBuffer(fetch: Fetch): void {
    const bytes = this.#buffered.get(fetch);
    if (!this.#buffered.delete(fetch)) return;
    if (bytes !== undefined) freeBuffer(bytes);
    this.#bufferedBytes -= fetch.length;
    this.#garbage.release(fetch.length + OBJECTS_BYTES * fetch.outputs.length);
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
      else void this.#awaitOtherHelper(next);
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
      // A bad pack is a miss, not a failure of the store.
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
      onBytes: (count) => {
        this.#receivedBytes += count;
      },
      onFrame: (output, frame) => writer.take(output, frame),
    });
  }

  /** Fails the outputs that have not arrived. */
  #failRest(fetch: Fetch, error: unknown): void {
    for (const output of fetch.outputs) {
      if (output.stage !== "queued") continue;
      output.failed(error);
    }
  }

  /** Waits for another helper that fetches this pack, then fetches only the outputs that it has not written. */
  async #awaitOtherHelper(fetch: Fetch): Promise<void> {
    const { claims, signal } = this.#options;
    while (!claims.take(fetch.pack.id)) {
      await Bun.sleep(CLAIM_POLL_MS);
      if (signal.aborted) break;
      this.#markLocal(fetch.outputs.filter(({ isAwaited }) => isAwaited));
    }
    claims.release(fetch.pack.id);
    this.#markLocal(fetch.outputs);
    const rest = fetch.outputs.filter(({ stage }) => stage !== "done");
    if (signal.aborted) for (const output of rest) output.failed(undefined);
    else this.add(rest, true);
  }

  /** Marks the outputs that another helper has written. */
  #markLocal(outputs: readonly WantedOutput[]): void {
    const { isLocal } = this.#options;
    for (const output of outputs) if (output.stage !== "done" && isLocal(output)) output.written();
  }
}

export interface FetchQueueOptions {
  store: ObjectStore;
  signal: AbortSignal;
  claims: Claims;
  /** Whether the output is on the local disk now. */
  isLocal: (output: WantedOutput) => boolean;
  writer: Pick<FrameWriter, "take">;
  /** Called when a pack is gone (no error) or differs from its record. */
  onBadPack: (packId: string, error: unknown) => void;
}
