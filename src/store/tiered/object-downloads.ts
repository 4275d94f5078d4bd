import { Deadline } from "../../lib/async/deadline.ts";
import { Semaphore } from "../../lib/async/semaphore.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { TempFile } from "../local/temp-file.ts";
import type { ObjectStore, StoredObject } from "../object-store.ts";
import { isAccessDenied, isDiskFailure } from "../store-failure.ts";
import type { StoreHealth } from "../store-health.ts";
import { transferLimitMs } from "../transfer-limits.ts";
import { tieredKey } from "./tiered-key.ts";

/** A body that breaks off is asked for again. */
const MAX_ATTEMPTS = 2;

/** Receives the object into an empty file; `false`: there is no such object. */
type Receive = (temp: TempFile) => Promise<boolean>;

/** Reads objects for a tiered store, while the store answers, and makes a miss of everything that goes wrong. */
export class ObjectDownloads {
  readonly #options: DownloadOptions;
  readonly #slots: Semaphore;
  readonly #controller = new AbortController();

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.downloads);
  }

  /** Runs `use` if that is worth it; while the store is silent now and then, with nobody waiting. Never rejects. */
  async run<T>(hash: string, use: (receive: Receive) => Promise<T | undefined>): Promise<T | undefined> {
    const admitted = this.#options.health.reads.admit();
    if (admitted === "skip") return undefined;
    const attempt = this.#slots.run(() => this.#attempt(hash, use));
    return admitted === "call" ? await attempt : undefined;
  }

  abort(): void {
    this.#controller.abort(new Error("the store is closed"));
  }

  async #attempt<T>(hash: string, use: (receive: Receive) => Promise<T | undefined>): Promise<T | undefined> {
    const { health, count, log, kind, prefix } = this.#options;
    const key = tieredKey(prefix, kind, hash);
    try {
      const found = await use((temp) => this.#receive(key, temp));
      health.succeeded("reads");
      count(found === undefined ? "get_fault_miss" : "get_fault_hit");
      return found;
    } catch (error) {
      if (this.#controller.signal.aborted) return undefined;
      log.info(() => `get ${key}: ${describeError(error)}`);
      // What S3 answers for an absent object when listing is not granted.
      if (isAccessDenied(error)) count("get_fault_miss");
      else if (isDiskFailure(error)) count("get_local_error");
      else {
        count("get_fault_error");
        health.readFailed(error);
      }
      return undefined;
    }
  }

  async #receive(key: string, temp: TempFile): Promise<boolean> {
    const { store, timeoutMs, maxBytes, log } = this.#options;
    using deadline = new Deadline(timeoutMs, this.#controller.signal);
    for (let attempt = 1; ; attempt++) {
      const object = await store.get(key, { signal: deadline.signal });
      if (object === undefined) return false;
      if (object.bodyBytes > maxBytes) {
        await object.body.cancel();
        log.info(() => `get ${key}: ${object.bodyBytes} bytes are more than any such file has`);
        return false;
      }
      deadline.restart(transferLimitMs(object.bodyBytes));
      try {
        await this.#read(object, temp);
        return true;
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || deadline.signal.aborted) throw error;
        temp.restart();
      }
    }
  }

  async #read(object: StoredObject, temp: TempFile): Promise<void> {
    for await (const chunk of object.body) temp.write(chunk);
    this.#options.count("get_fault_bytes", temp.sizeBytes);
  }
}

interface DownloadOptions {
  store: ObjectStore;
  prefix: string;
  kind: string;
  /** A larger object is not read. */
  maxBytes: number;
  health: StoreHealth;
  downloads: number;
  timeoutMs: number;
  log: Logger;
  count: (event: string, amount?: number) => void;
}
