import { join } from "node:path";
import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { LocalBuilds } from "../local-outputs.ts";
import { Claims } from "./fetch/claims.ts";
import { Restorer } from "./fetch/restorer.ts";
import { PackedKeys } from "./format/keys.ts";
import { Packer } from "./write/packer.ts";
import { Uploads } from "./write/uploads.ts";

/**
 * What moves outputs between the bucket and the local disk. It knows outputs, not whose they are, so that a server has
 * one for all scopes: an output is on its way once, and memory is bounded once.
 */
export class PackedTransfer {
  readonly uploads: Uploads;
  readonly claims: Claims;
  readonly restorer: Restorer;
  readonly packer: Packer;
  /** Ids of packs that are gone or hold other bytes than records say: no index may take their outputs as stored. */
  readonly distrustedPacks = new Set<string>();
  readonly #counters: Counters;
  readonly #log: Logger;
  #badPackReports = 0;

  constructor(options: TransferOptions) {
    const { prefix, stateDir, counters, log } = options;
    this.#counters = counters;
    this.#log = log;
    this.uploads = new Uploads(options);
    this.claims = new Claims(join(stateDir, "claims"), () => counters.add("claims_taken_over"));
    this.restorer = new Restorer({
      ...options,
      claims: this.claims,
      onBadPack: (packId, error) => this.#distrust(packId, error),
    });
    this.packer = new Packer({
      ...options,
      keys: new PackedKeys(prefix),
      uploads: this.uploads,
      // Packs are named by their content, so the same one may come back.
      onStored: (packId) => this.distrustedPacks.delete(packId),
    });
  }

  /** How often a pack proved bad so far: when it grows, outputs that counted as stored may not be. */
  get badPackReports(): number {
    return this.#badPackReports;
  }

  /** The pack is gone (no error), or not what a record says. */
  #distrust(packId: string, error: unknown): void {
    this.#badPackReports++;
    this.distrustedPacks.add(packId);
    this.packer.forget(packId);
    this.#counters.add("packs_bad");
    this.#log.info(() => `pack ${packId} is ${error === undefined ? "gone" : describeError(error)}`);
  }
}

export interface TransferOptions {
  store: GuardedStore;
  prefix: string;
  local: LocalBuilds;
  /** Most uploads at once. */
  concurrency: number;
  /** What this machine remembers of this bucket and prefix. */
  stateDir: string;
  /** A file for what is too large for memory; `undefined` when the disk takes none. */
  createTemp: () => TempFile | undefined;
  counters: Counters;
  log: Logger;
}
