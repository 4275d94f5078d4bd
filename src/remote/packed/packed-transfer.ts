import { join } from "node:path";
import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { LocalBuilds } from "../local-outputs.ts";
import { Claims } from "./fetch/claims.ts";
import type { PrefetchRoom } from "./fetch/prefetch-room.ts";
import { Restorer } from "./fetch/restorer.ts";
import { PackedKeys, prefixTest } from "./format/keys.ts";
import { SegmentFiles } from "./index/segment-files.ts";
import { Packer } from "./write/packer.ts";
import { Uploads } from "./write/uploads.ts";

/**
 * Moves outputs between the bucket and the local disk, independent of scopes. A server shares one transfer between all
 * scopes, so it transfers each output once and bounds memory once.
 */
export class PackedTransfer {
  readonly uploads: Uploads;
  readonly claims: Claims;
  readonly restorer: Restorer;
  readonly packer: Packer;
  readonly segments: SegmentFiles;
  /** Ids of packs that are gone or differ from their record. No index may treat their outputs as stored. */
  readonly distrustedPacks = new Set<string>();
  readonly #counters: Counters;
  readonly #log: Logger;
  #badPackReports = 0;

  constructor(options: TransferOptions) {
    const { prefix, readPrefixes = [], stateDir, counters, log } = options;
    this.#counters = counters;
    this.#log = log;
    this.uploads = new Uploads(options);
    this.claims = new Claims(join(stateDir, "claims"), () => counters.add("claims_taken_over"));
    this.segments = new SegmentFiles(join(stateDir, "segments"), prefixTest([prefix, ...readPrefixes]));
    this.restorer = new Restorer({
      ...options,
      claims: this.claims,
      onBadPack: (packId, error) => this.#distrust(packId, error),
    });
    this.packer = new Packer({
      ...options,
      keys: new PackedKeys(prefix),
      uploads: this.uploads,
      // Packs are named by their content, so an upload may restore a distrusted pack.
      onStored: (packId) => this.distrustedPacks.delete(packId),
    });
  }

  /** The number of bad packs found so far. When it grows, outputs that were considered stored may be missing. */
  get badPackReports(): number {
    return this.#badPackReports;
  }

  /** The pack is gone (no error) or differs from its record. */
  #distrust(packId: string, error: unknown): void {
    this.#badPackReports++;
    this.distrustedPacks.add(packId);
    this.packer.forget(packId);
    this.#counters.add("packs_bad");
    this.#log.info(
      () => `pack ${packId} ignored: ${error === undefined ? "it is gone" : describeError(error)}`,
    );
  }
}

export interface TransferOptions {
  store: GuardedStore;
  prefix: string;
  /** Additional prefixes, read after the own one and never written. */
  readPrefixes?: readonly string[] | undefined;
  local: LocalBuilds;
  /** `undefined`: no limit. */
  room?: PrefetchRoom | undefined;
  /** The limit of concurrent uploads. */
  concurrency: number;
  /** The directory of this machine's state for this bucket and prefix. */
  stateDir: string;
  /** Creates a file for an output that is too large for memory; `undefined` if the disk refuses. */
  createTemp: () => TempFile | undefined;
  counters: Counters;
  log: Logger;
}
