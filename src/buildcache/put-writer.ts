import type { Counters } from "../lib/counters.ts";
import type { LocalEntry } from "./entry.ts";
import type { LocalCache } from "./local-cache.ts";
import type { OutputWriter } from "./output-writer.ts";
import type { RemoteBuilds } from "./remote-builds.ts";

/** One put in progress. Write the body, then `commit` or `discard`. Calls throw only if no directory is writable. */
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

  /** Makes the output and then the action visible, passes both to the remote, and returns the entry. */
  commit(): LocalEntry {
    const before = this.#remote && this.#local.get(this.#actionId);
    const sha256 = this.#hash.digest("hex");
    const record = { outputId: this.#nameOf(sha256), sizeBytes: this.#sizeBytes };
    const path = this.#commitOutput(record.outputId);
    const entry = { actionId: this.#actionId, ...record, path, putTimeMs: Date.now() };
    try {
      this.#local.putRecord(this.#actionId, record);
    } catch {
      // go needs only the output now. The next build misses.
    }
    this.#counters.add("put_bytes", this.#sizeBytes);
    // Readers reject outputs with another SHA-256 than their id, so such an entry is not uploaded.
    if (sha256 === this.#outputId) this.#notifyRemote(entry, before?.outputId === sha256);
    return entry;
  }

  discard(): void {
    this.#output.discard();
  }

  /**
   * The id to store the bytes under. If go's id has the length of a SHA-256 but differs from the bytes' hash, the hash
   * is used: otherwise all actions with that output would get these bytes. Ids of other lengths are no SHA-256 and stay
   * as they are.
   */
  #nameOf(sha256: string): string {
    return this.#outputId.length === sha256.length ? sha256 : this.#outputId;
  }

  /** A quarter of all outputs are empty, and an existing empty file is always right. */
  #commitOutput(outputId: string): string {
    const there = this.#sizeBytes === 0 ? this.#local.reuseOutput(outputId, 0) : undefined;
    return there ?? this.#output.commit(outputId);
  }

  /** Another process has put an entry that existed already; this session then only used it. */
  #notifyRemote(entry: LocalEntry, wasThere: boolean): void {
    if (wasThere) this.#remote?.used(entry.actionId);
    else this.#remote?.put(entry);
  }
}
