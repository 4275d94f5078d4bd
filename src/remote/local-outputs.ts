import type { LocalEntry } from "../buildcache/entry.ts";

/** The local disk, as a remote needs it: find existing outputs and add new ones. */
export interface LocalOutputs {
  /** An output. The content is not verified. */
  findOutput(outputId: string): FoundOutput | undefined;
  createOutput(outputId: string, executable?: string): NewOutput;
}

/** Where the bytes of an output are. `executable`: see `CacheEntry`. */
export interface FoundOutput {
  path: string;
  sizeBytes: number;
  executable?: string;
  /** Makes the bytes, where no file has exactly these. Each chunk counts until the next is read. May throw. */
  chunks?: () => Iterable<Uint8Array>;
}

/** Also writes action records: for a remote that fetches more entries than the one looked up. */
export interface LocalBuilds extends LocalOutputs {
  /** The entry of an action; `undefined` if there is none with a usable output. */
  get(actionId: string): LocalEntry | undefined;
  /** Whether there is one, or was one a moment ago. */
  has(actionId: string): boolean;
  /**
   * Writes the record of an action, unless there is a newer one; its output must exist. Returns whether it was written.
   * Throws if the disk can't be written.
   */
  putRecord(actionId: string, record: { outputId: string; sizeBytes: number }, putTimeMs: number): boolean;
}

/** An output being written: any number of `write`, then one `commit` or `discard`. Throws if the disk fails. */
interface NewOutput {
  write(bytes: Uint8Array): void;
  commit(): unknown;
  discard(): void;
}
