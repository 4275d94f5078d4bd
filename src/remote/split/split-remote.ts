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

/** Build outputs in the layout of tailscale/go-cache-plugin: two objects an action. */
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

  /** How many entries are not in the bucket yet. */
  get waiting(): number {
    return this.#writer?.waiting ?? 0;
  }

  /** Looks an action up and brings its output to the local disk. Never rejects. */
  async get(actionId: string, onMiss?: OnMiss, session?: ReadSession): Promise<CacheEntry | undefined> {
    return this.#isReading ? await this.#reader.get(actionId, onMiss, session) : undefined;
  }

  /** This layout does not remember what is used. */
  used(): void {}

  /**
   * Stores an entry behind. What was not looked up any more, for that took too long, is taken to be stored if most of the
   * rest was: a put has to send the bytes to learn that, and would take the line and the processor for nothing.
   */
  put(entry: LocalEntry, session?: ReadSession): void {
    if (this.#gate.isSlowButWarm(session)) this.#counters.add("put_skip_slow");
    else this.#writer?.put(entry);
  }

  /** Takes over the uploads that processes of this machine which died have left. */
  adopt(): void {
    this.#writer?.adopt();
  }

  /** Ends the reading, and waits within the drain's limit for what was put. */
  async drain(): Promise<void> {
    await Promise.all([this.#gate.abort(), this.#writer?.drain(this.#drainTimeoutMs)]);
    this.#gate.reportDenials();
  }

  /** Nothing is left to do after the drain. */
  async settle(): Promise<void> {}

  /** Gives up all that is under way. */
  abort(): void {
    void this.#gate.abort();
    this.#writer?.abandon();
  }
}

export interface SplitRemoteOptions {
  store: GuardedStore;
  prefix: string;
  local: LocalOutputs;
  /** Read after the own one, and never written. */
  readPrefixes?: readonly string[] | undefined;
  /** `false`: everything is a miss. */
  isReading?: boolean | undefined;
  readOnly: boolean;
  /** Outputs smaller than this are not uploaded, nor are their actions. */
  minBytes: number;
  /** Uploads at once. */
  concurrency: number;
  drainTimeoutMs: number;
  /** Where helpers keep what is not uploaded yet, for their successors. */
  journalDir: string;
  counters: Counters;
  log: Logger;
}
