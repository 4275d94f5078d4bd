import type { Counters } from "../lib/counters.ts";
import type { LocalEntry } from "./entry.ts";
import type { LocalCache } from "./local-cache.ts";
import type { OutputWriter } from "./output-writer.ts";
import type { RemoteBuilds } from "./remote-builds.ts";

/** One put under way. Write the body, then `commit` or `discard`. All calls throw only when no disk takes the bytes. */
export class PutWriter {
  readonly #actionId: string;
  readonly #outputId: string;
  readonly #local: LocalCache;
  readonly #remote: RemoteBuilds | undefined;
  readonly #counters: Counters;
  readonly #output: OutputWriter;
  readonly #hash = new Bun.CryptoHasher("sha256");
  #sizeBytes = 0;

  constructor(options: {
    actionId: string;
    outputId: string;
    local: LocalCache;
    remote: RemoteBuilds | undefined;
    counters: Counters;
  }) {
    this.#actionId = options.actionId;
    this.#outputId = options.outputId;
    this.#local = options.local;
    this.#remote = options.remote;
    this.#counters = options.counters;
    this.#output = options.local.createOutput(options.outputId);
  }

  write(bytes: Uint8Array): void {
    this.#output.write(bytes);
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.length;
  }

  /** Makes output and action visible (in that order), hands them to the remote, and returns the entry. */
  commit(): LocalEntry {
    const before = this.#remote && this.#local.get(this.#actionId);
    const sha256 = this.#hash.digest("hex");
    const record = { outputId: this.#nameOf(sha256), sizeBytes: this.#sizeBytes };
    const path = this.#commitOutput(record.outputId);
    const entry = { actionId: this.#actionId, ...record, path, putTimeMs: Date.now() };
    try {
      this.#local.putRecord(this.#actionId, record);
    } catch {
      // The output is there, and that is all go needs now; the next build misses.
    }
    this.#counters.add("put_bytes", this.#sizeBytes);
    // Readers refuse an id that is not the hash of the bytes, so it stays on this machine.
    if (sha256 === this.#outputId) this.#notifyRemote(entry, before?.outputId === sha256);
    return entry;
  }

  discard(): void {
    this.#output.discard();
  }

  /**
   * The id under which the bytes are kept. Bytes with another SHA-256 than their id says get an id of their own, or else
   * all actions with that output would have them. Ids of other lengths are no SHA-256, and taken as they are.
   */
  #nameOf(sha256: string): string {
    return this.#outputId.length === sha256.length ? sha256 : this.#outputId;
  }

  /** A quarter of all puts are of nothing, and a file of no bytes can't be wrong. */
  #commitOutput(outputId: string): string {
    const there = this.#sizeBytes === 0 ? this.#local.reuseOutput(outputId, 0) : undefined;
    return there ?? this.#output.commit(outputId);
  }

  /** What was there already somebody else has put, at the same time perhaps, and this session has used it as well. */
  #notifyRemote(entry: LocalEntry, wasThere: boolean): void {
    if (wasThere) this.#remote?.used(entry);
    else this.#remote?.put(entry);
  }
}
