import type { LocalBuilds } from "../../local-outputs.ts";
import type { PackedEntry } from "../format/entry.ts";
import { recordActions } from "./write-output.ts";

const AT_ONCE = 16;

/** Writes the records of entries whose outputs are on the local disk, a few at a time, between go's requests. */
export class ReadyRecords {
  readonly #local: LocalBuilds;
  readonly #onWritten: (addedBytes: number) => void;
  readonly #waiting: PackedEntry[] = [];
  #writing: Promise<void> | undefined;

  /** `onWritten`: receives the bytes that records have added to the disk. */
  constructor(local: LocalBuilds, onWritten: (addedBytes: number) => void) {
    this.#local = local;
    this.#onWritten = onWritten;
  }

  /** The number of entries without a record. */
  get count(): number {
    return this.#waiting.length;
  }

  add(entry: PackedEntry): void {
    this.#waiting.push(entry);
    this.#start();
  }

  /** Resolves when all are written. */
  async idle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #start(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise(setImmediate);
      try {
        this.#onWritten(recordActions(this.#waiting.splice(0, AT_ONCE), this.#local));
      } catch {
        // If the disk refuses the records, go's requests become lookups.
      }
    }
  }
}
