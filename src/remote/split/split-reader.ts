import type { CacheEntry } from "../../buildcache/entry.ts";
import type { OnMiss } from "../../buildcache/miss-reason.ts";
import { SingleFlight } from "../../lib/async/single-flight.ts";
import { EMPTY_SHA256 } from "../../lib/bytes/empty-sha256.ts";
import type { Counters } from "../../lib/counters.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { readSmallObject } from "../../store/read-small-object.ts";
import type { LocalOutputs } from "../local-outputs.ts";
import { downloadOutput } from "../output-download.ts";
import type { ReadGate } from "../read-gate.ts";
import type { ReadSession } from "../read-session.ts";
import { WrongBytesError } from "../wrong-bytes-error.ts";
import { actionKey, outputKey } from "./keys.ts";
import { MAX_SPLIT_RECORD_BYTES, parseSplitRecord, type SplitRecord } from "./split-record.ts";

/** Reads the split layout: the action object, then the output unless it is local already. */
export class SplitReader {
  readonly #options: SplitReaderOptions;
  readonly #flights = new SingleFlight<number | undefined>();

  constructor(options: SplitReaderOptions) {
    this.#options = options;
  }

  /** Never rejects and never exceeds its deadlines: every failure is a miss. */
  async get(actionId: string, onMiss?: OnMiss, session?: ReadSession): Promise<CacheEntry | undefined> {
    const lookUp = () => this.#lookUp(actionId);
    return await this.#options.gate.run(`get action ${actionId}`, lookUp, onMiss, session);
  }

  async #lookUp(actionId: string): Promise<CacheEntry | undefined> {
    const { prefix, readPrefixes = [] } = this.#options;
    // Concurrently: sequential reads would cost a round trip for each further prefix.
    const records = [prefix, ...readPrefixes].map((at) => this.#readRecord(at, actionId));
    const settled = await Promise.allSettled(records);
    for (const [at, result] of settled.entries()) {
      if (result.status === "rejected" || result.value === undefined) continue;
      const sizeBytes = await this.#fetchOnce(
        result.value.outputId,
        at === 0 ? prefix : (readPrefixes[at - 1] ?? ""),
      );
      if (sizeBytes !== undefined) return { actionId, ...result.value, sizeBytes };
    }
    // The own prefix comes first, so its failure takes precedence.
    for (const result of settled) if (result.status === "rejected") throw result.reason;
    return undefined;
  }

  async #readRecord(prefix: string, actionId: string): Promise<SplitRecord | undefined> {
    const { store, counters, gate } = this.#options;
    const key = actionKey(prefix, actionId);
    const text = await readSmallObject(store, key, MAX_SPLIT_RECORD_BYTES, gate.signal);
    const record = text === undefined ? undefined : parseSplitRecord(text);
    if (text !== undefined && record === undefined) counters.add("get_remote_bad_record");
    return record;
  }

  /** One fetch per output, even if several actions share it. */
  #fetchOnce(outputId: string, prefix: string): Promise<number | undefined> {
    return this.#flights.run(outputId, () => this.#fetch(outputId, prefix));
  }

  async #fetch(outputId: string, prefix: string): Promise<number | undefined> {
    const { store, local, gate } = this.#options;
    const there = local.findOutput(outputId);
    const isThere = there !== undefined && (await hashFile(there.path, gate.signal)) === outputId;
    if (isThere) return there.sizeBytes;
    if (outputId === EMPTY_SHA256) {
      local.createOutput(outputId).commit();
      return 0;
    }
    try {
      const key = outputKey(prefix, outputId);
      return await downloadOutput({ store, key, outputId, local, signal: gate.signal });
    } catch (error) {
      if (error instanceof WrongBytesError && prefix === this.#options.prefix)
        this.#options.onWrongBytes(outputId);
      throw error;
    }
  }
}

export interface SplitReaderOptions {
  store: ObjectStore;
  prefix: string;
  /** Further prefixes, read after the own one. */
  readPrefixes?: readonly string[] | undefined;
  local: LocalOutputs;
  gate: ReadGate;
  counters: Counters;
  /** Called if an output in the bucket has wrong bytes. */
  onWrongBytes: (outputId: string) => void;
}
