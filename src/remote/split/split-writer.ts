import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/describe-error.ts";
import type { Logger } from "../../lib/logger.ts";
import { statFile } from "../../lib/stat-file.ts";
import { MAX_OBJECT_BYTES } from "../../store/object-limit.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { UploadLine } from "../../store/upload-line.ts";
import { UploadQueue } from "../../store/upload-queue.ts";
import type { RemoteHealth } from "../health.ts";
import { actionKey, outputKey } from "./keys.ts";
import { formatSplitRecord } from "./split-record.ts";

/** An entry whose output is on the local disk and has the SHA-256 that is its id. */
export interface SplitPut {
  actionId: string;
  outputId: string;
  sizeBytes: number;
  putTimeMs: number;
  path: string;
}

/** How many outputs are remembered as stored; one that is not costs a request more. */
const MAX_STORED = 20_000;

/** Writes the split layout, behind: the output first, then the action object that names it. */
export class SplitWriter {
  readonly #options: SplitWriterOptions;
  readonly #queue: UploadQueue<SplitPut>;
  readonly #line: UploadLine;
  /** Stored, or on their way. */
  readonly #outputs = new BoundedMap<string, Promise<void>>(MAX_STORED);
  readonly #wrongOutputs = new Set<string>();

  constructor(options: SplitWriterOptions) {
    this.#options = options;
    this.#line = new UploadLine(options.timeoutMs);
    this.#queue = new UploadQueue({
      concurrency: options.concurrency,
      health: options.health,
      upload: (put, signal) => this.#upload(put, signal),
    });
  }

  put(put: SplitPut): void {
    if (put.sizeBytes < this.#options.minBytes) this.#options.counters.add("put_skip_small");
    else if (put.sizeBytes > MAX_OBJECT_BYTES) this.#options.counters.add("put_skip_large");
    else this.#queue.push(put);
  }

  /** How many entries are not uploaded yet. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Bytes of what is being uploaded. */
  get bytesUnderWay(): number {
    return this.#line.bytesUnderWay;
  }

  /** This output is stored with other bytes than its own: the next put replaces it. */
  replace(outputId: string): void {
    this.#wrongOutputs.add(outputId);
    this.#outputs.delete(outputId);
  }

  /** Waits at most `limitMs` for what is not uploaded yet. */
  async drain(limitMs: number): Promise<void> {
    this.#line.hasten();
    const lost = await this.#queue.drain(limitMs);
    if (lost > 0) this.#options.counters.add("put_remote_lost", lost);
  }

  /** Ends the uploads under way; see `UploadQueue`. */
  interrupt(): void {
    this.#queue.interrupt();
  }

  abandon(): void {
    this.#queue.abandon();
  }

  async #upload(put: SplitPut, signal: AbortSignal): Promise<boolean> {
    const { counters, log } = this.#options;
    if (!isWhole(put)) {
      counters.add("put_skip_gone");
      return false;
    }
    try {
      await this.#outputStored(put, signal);
      await this.#putRecord(put, signal);
      return true;
    } catch (error) {
      counters.add("put_remote_error");
      log.info(() => `put action ${put.actionId}: ${describeError(error)}`);
      throw new Error(`put action ${put.actionId}`, { cause: error });
    }
  }

  /** One upload an output and session, however many actions made it. */
  #outputStored(put: SplitPut, signal: AbortSignal): Promise<void> {
    const known = this.#outputs.get(put.outputId);
    if (known !== undefined) return known;
    const upload = this.#putOutput(put, signal);
    this.#outputs.set(put.outputId, upload);
    upload.catch(() => this.#outputs.delete(put.outputId));
    return upload;
  }

  async #putOutput(put: SplitPut, signal: AbortSignal): Promise<void> {
    const { store, prefix, counters } = this.#options;
    // Asking costs a server more than it saves for nothing at all.
    const replaces = put.sizeBytes === 0 || this.#wrongOutputs.has(put.outputId);
    const body = put.sizeBytes === 0 ? new Uint8Array(0) : { path: put.path, sizeBytes: put.sizeBytes };
    const result = await this.#line.bounded(put.sizeBytes, signal, (bounded) =>
      store.put(outputKey(prefix, put.outputId), body, {
        sha256: put.outputId,
        signal: bounded,
        ...(replaces ? {} : { onlyIf: "absent" as const }),
      }),
    );
    this.#wrongOutputs.delete(put.outputId);
    counters.add(result === "stored" ? "put_remote_object" : "put_remote_found");
    if (result === "stored") counters.add("put_remote_bytes", put.sizeBytes);
  }

  async #putRecord(put: SplitPut, signal: AbortSignal): Promise<void> {
    const { store, prefix, counters } = this.#options;
    const body = Buffer.from(formatSplitRecord(put), "latin1");
    await this.#line.bounded(body.length, signal, (bounded) =>
      store.put(actionKey(prefix, put.actionId), body, { signal: bounded }),
    );
    counters.add("put_remote_action");
  }
}

/** The file may have been pruned since, or be another one: its next put comes with its next use. */
function isWhole(put: SplitPut): boolean {
  return statFile(put.path)?.size === put.sizeBytes;
}

export interface SplitWriterOptions {
  store: ObjectStore;
  prefix: string;
  /** Outputs smaller than this are not uploaded, nor are their actions. */
  minBytes: number;
  concurrency: number;
  /** Longest wait for the answer to a small upload. */
  timeoutMs: number;
  health: RemoteHealth;
  counters: Counters;
  log: Logger;
}
