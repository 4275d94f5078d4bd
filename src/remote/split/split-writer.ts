import type { LocalEntry } from "../../buildcache/entry.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Counters } from "../../lib/counters.ts";
import { statFile } from "../../lib/files/stat-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { MAX_OBJECT_BYTES } from "../../store/object-limit.ts";
import { UploadQueue } from "../../store/upload/upload-queue.ts";
import type { LocalOutputs } from "../local-outputs.ts";
import { actionKey, outputKey } from "./keys.ts";
import { formatSplitRecord } from "./split-record.ts";

/** How many uploaded outputs are remembered. A forgotten one costs one more request. */
const MAX_STORED = 20_000;

/** How long a session without puts waits at close for adopted uploads. */
const ADOPTED_MS = 2_000;

/** Writes the split layout in the background: the output first, then the action object that names it. */
export class SplitWriter {
  readonly #options: SplitWriterOptions;
  readonly #uploads: UploadQueue;
  /** Uploads by output id, finished or in progress. */
  readonly #outputs = new BoundedMap<string, Promise<void>>(MAX_STORED);
  readonly #wrongOutputs = new Set<string>();
  #hasPut = false;

  constructor(options: SplitWriterOptions) {
    this.#options = options;
    this.#uploads = new UploadQueue({
      ...options,
      upload: (line, signal) => this.#upload(line, signal),
    });
  }

  /** Adopts the pending uploads of dead processes. */
  adopt(): void {
    this.#uploads.adopt();
  }

  put(put: LocalEntry): void {
    if (put.sizeBytes < this.#options.minBytes) this.#options.counters.add("put_skip_small");
    else if (put.sizeBytes > MAX_OBJECT_BYTES) this.#options.counters.add("put_skip_large");
    else {
      this.#hasPut = true;
      this.#uploads.push(formatPutLine(put));
    }
  }

  /** Number of entries not uploaded yet. */
  get waiting(): number {
    return this.#uploads.size;
  }

  /** Marks a stored output as wrong: the next put replaces it. */
  replace(outputId: string): void {
    this.#wrongOutputs.add(outputId);
    this.#outputs.delete(outputId);
  }

  /** Waits at most `limitMs` for pending uploads. The journal keeps the rest. */
  async drain(limitMs: number): Promise<void> {
    const lost = await this.#uploads.drain(this.#hasPut ? limitMs : Math.min(limitMs, ADOPTED_MS));
    if (lost > 0) this.#options.counters.add("put_remote_lost", lost);
  }

  abandon(): void {
    this.#uploads.abandon();
  }

  async #upload(line: string, signal: AbortSignal): Promise<boolean> {
    const { counters, log, local } = this.#options;
    const put = parsePutLine(line, local);
    if (put === undefined) {
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

  /** One upload per output and session, even if several actions share it. */
  #outputStored(put: LocalEntry, signal: AbortSignal): Promise<void> {
    const known = this.#outputs.get(put.outputId);
    if (known !== undefined) return known;
    const upload = this.#putOutput(put, signal);
    this.#outputs.set(put.outputId, upload);
    upload.catch(() => this.#outputs.delete(put.outputId));
    return upload;
  }

  async #putOutput(put: LocalEntry, signal: AbortSignal): Promise<void> {
    const { store, prefix, counters } = this.#options;
    // For an empty output, the condition costs a server more than it saves.
    const replaces = put.sizeBytes === 0 || this.#wrongOutputs.has(put.outputId);
    const body = put.sizeBytes === 0 ? new Uint8Array(0) : { path: put.path, sizeBytes: put.sizeBytes };
    const result = await store.put(outputKey(prefix, put.outputId), body, {
      sha256: put.outputId,
      signal,
      ...(replaces ? {} : { onlyIf: "absent" }),
    });
    this.#wrongOutputs.delete(put.outputId);
    counters.add(result === "stored" ? "put_remote_object" : "put_remote_found");
    if (result === "stored") counters.add("put_remote_bytes", put.sizeBytes);
  }

  async #putRecord(put: LocalEntry, signal: AbortSignal): Promise<void> {
    const { store, prefix, counters } = this.#options;
    const body = Buffer.from(formatSplitRecord(put), "latin1");
    await store.put(actionKey(prefix, put.actionId), body, { signal });
    counters.add("put_remote_action");
  }
}

/** The journal's line for a put: `<action> <output> <size in bytes> <put at, ms>`. */
function formatPutLine({ actionId, outputId, sizeBytes, putTimeMs }: LocalEntry): string {
  return `${actionId} ${outputId} ${sizeBytes} ${Math.floor(putTimeMs)}`;
}

const PUT_LINE = /^([0-9a-f]{2,128}) ([0-9a-f]{64}) (\d{1,15}) (\d{1,15})$/;

/** `undefined` if the line is invalid, or if the output was pruned since or has another size. */
function parsePutLine(line: string, local: LocalOutputs): LocalEntry | undefined {
  const [, actionId = "", outputId = "", size, putTime] = PUT_LINE.exec(line) ?? [];
  const sizeBytes = Number(size);
  const found = local.findOutput(outputId);
  if (found === undefined || statFile(found.path)?.size !== sizeBytes) return undefined;
  return { actionId, outputId, sizeBytes, putTimeMs: Number(putTime), path: found.path };
}

export interface SplitWriterOptions {
  store: GuardedStore;
  prefix: string;
  local: LocalOutputs;
  /** Outputs smaller than this are not uploaded, nor are their actions. */
  minBytes: number;
  concurrency: number;
  /** Directory of the journal of pending uploads. */
  journalDir: string;
  counters: Counters;
  log: Logger;
}
