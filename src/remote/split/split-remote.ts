import type { CacheEntry, LocalEntry } from "../../buildcache/entry.ts";
import type { OnMiss } from "../../buildcache/miss-reason.ts";
import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import type { LocalOutputs } from "../local-outputs.ts";
import { ReadGate } from "../read-gate.ts";
import type { ReadSession } from "../read-session.ts";
import { SplitReader } from "./split-reader.ts";
import { SplitWriter } from "./split-writer.ts";

/** Build outputs in the layout of tailscale/go-cache-plugin: two objects per action. */
export class SplitRemote {
  readonly #reader: SplitReader;
  readonly #writer: SplitWriter | undefined;
  readonly #gate: ReadGate;
  readonly #counters: Counters;
  readonly #drainTimeoutMs: number;
  readonly #isReading: boolean;

  constructor(options: SplitRemoteOptions) {
    const { store, log, counters } = options;
    this.#gate = new ReadGate({ health: store.health, counters, log });
    this.#counters = counters;
    this.#reader = new SplitReader({
      ...options,
      gate: this.#gate,
      onWrongBytes: (outputId) => this.#writer?.replace(outputId),
    });
    this.#writer = options.readOnly ? undefined : new SplitWriter(options);
    this.#writer?.adopt();
    this.#isReading = options.isReading ?? true;
    this.#drainTimeoutMs = options.drainTimeoutMs;
  }

  /** Number of entries not uploaded yet. */
  get waiting(): number {
    return this.#writer?.waiting ?? 0;
  }

  /** Looks up an action and fetches its output to the local disk. Never rejects. */
  async get(actionId: string, onMiss?: OnMiss, session?: ReadSession): Promise<CacheEntry | undefined> {
    return this.#isReading ? await this.#reader.get(actionId, onMiss, session) : undefined;
  }

  /** This layout does not record use. */
  used(): void {}

  /**
   * Uploads an entry in the background, unless the session bypasses lookups because they are slow while most of them
   * hit. Then the bucket most likely has the entry, and finding out would cost an upload. No programs: this layout has no
   * place for their names, and its other readers make no file executable.
   */
  put(entry: LocalEntry, session?: ReadSession): void {
    if (entry.executable !== undefined) return;
    if (this.#gate.isSlowButWarm(session)) this.#counters.add("put_skip_slow");
    else this.#writer?.put(entry);
  }

  /** Adopts the pending uploads of dead processes on this machine. */
  adopt(): void {
    this.#writer?.adopt();
  }

  /** Ends reads and waits up to the drain limit for uploads. */
  async drain(): Promise<void> {
    await Promise.all([this.#gate.abort(), this.#writer?.drain(this.#drainTimeoutMs)]);
    this.#gate.reportDenials();
  }

  /** This layout has nothing to do after the drain. */
  async settle(): Promise<void> {}

  /** Aborts all work in progress. */
  abort(): void {
    void this.#gate.abort();
    this.#writer?.abandon();
  }
}

export interface SplitRemoteOptions {
  store: GuardedStore;
  prefix: string;
  local: LocalOutputs;
  /** Further prefixes, read after the own one and never written. */
  readPrefixes?: readonly string[] | undefined;
  /** `false`: everything is a miss. */
  isReading?: boolean | undefined;
  readOnly: boolean;
  /** Smaller outputs and their actions are not uploaded. */
  minBytes: number;
  /** Concurrent uploads. */
  concurrency: number;
  drainTimeoutMs: number;
  /** Directory of the journal of pending uploads, which later processes adopt. */
  journalDir: string;
  counters: Counters;
  log: Logger;
}
