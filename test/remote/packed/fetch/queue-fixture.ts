import { Claims } from "../../../../src/remote/packed/fetch/claims.ts";
import { FetchQueue } from "../../../../src/remote/packed/fetch/fetch-queue.ts";
import { WantedOutput } from "../../../../src/remote/packed/fetch/wanted-output.ts";
import type { Pack, PackedEntry, Place } from "../../../../src/remote/packed/format/entry.ts";
import { openHealth } from "../../../store/guard/health-fixture.ts";
import { type TamperedStore, untilAborted } from "../../../store/tampered-store.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { entryOf, StockedBucket } from "../stocked-bucket.ts";

/** A queue, and the frames that it has received. */
export class QueueFixture implements Disposable {
  readonly dir: TempDir = tempDir("queue");
  readonly bucket: StockedBucket = new StockedBucket();
  readonly controller: AbortController = new AbortController();
  readonly claims: Claims = new Claims(this.dir.path);
  /** The claims of other helpers on this machine. */
  readonly others: Claims = new Claims(this.dir.path);
  /** Outputs that other helpers have written to the local disk. */
  readonly local: Set<WantedOutput> = new Set();
  readonly frames: string[] = [];
  readonly bad: [string, string][] = [];
  readonly queue: FetchQueue;
  /** Handles a received frame; by default marks its output as written. */
  onFrame: (output: WantedOutput) => void = (output) => this.markWritten(output);

  constructor(timeoutMs = 60_000) {
    this.queue = new FetchQueue({
      store: openHealth(this.dir.join("remote.json")).guard(this.store, timeoutMs),
      signal: this.controller.signal,
      claims: this.claims,
      isLocal: (output) => this.local.has(output),
      writer: {
        take: (output, frame) => {
          output.buffer(frame);
          this.frames.push(textOf(frame));
          this.onFrame(output);
        },
      },
      onBadPack: (packId, error) => this.bad.push([packId, error === undefined ? "gone" : String(error)]),
    });
  }

  get store(): TamperedStore {
    return this.bucket.store;
  }

  markWritten(output: WantedOutput): void {
    output.written();
  }

  /** Adds a pack of these outputs to the bucket; returns them as wanted. */
  async pack(texts: string[]): Promise<WantedOutput[]> {
    return (await this.bucket.pack(texts)).map(wantedOf);
  }

  [Symbol.dispose](): void {
    this.controller.abort(new Error("the test has ended"));
    for (const claims of [this.claims, this.others]) claims.releaseAll();
    this.bucket[Symbol.dispose]();
    this.dir[Symbol.dispose]();
  }
}

function textOf(frame: Uint8Array<ArrayBuffer>): string {
  try {
    return Bun.zstdDecompressSync(frame).toString();
  } catch {
    return "no frame";
  }
}

function wantedOf(entry: PackedEntry): WantedOutput {
  return new WantedOutput(entry, entry.place as Place);
}

/** Outputs of this size, each in its own pack that is not in the bucket. */
export function singles(count: number, sizeBytes = 100): WantedOutput[] {
  return Array.from({ length: count }, (_, n) => {
    const pack: Pack = { id: String(n).padStart(64, "0"), sizeBytes, prefix: "" };
    return new WantedOutput(entryOf(String(n)), { pack, offset: 0, length: sizeBytes });
  });
}

/** The numbers of the single-output packs that were requested, in order. */
export function requestedPacks(store: TamperedStore): number[] {
  return store.calls.map((call) => Number(call.slice(call.lastIndexOf("/") + 1)));
}

/** Makes every get hang; each call of the result releases the oldest one. */
export function holdGets(store: TamperedStore): (error?: Error) => void {
  const held: PromiseWithResolvers<never>[] = [];
  store.onGet = async (_, get, signal) => {
    const gate = Promise.withResolvers<never>();
    held.push(gate);
    await Promise.race([gate.promise.catch(() => undefined), untilAborted(signal)]);
    return await get();
  };
  return () => held.shift()?.reject(new Error("released"));
}
