import type { ObjectSum } from "../../../lib/object-sum.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import type { StoreOptions } from "../../patient-store.ts";
import type { RecordTrust } from "../format/record-trust.ts";

/** What a collection is to do. */
export interface GcOptions extends StoreOptions {
  /** Run records unchanged for this long go. */
  olderThanMs: number;
  /** Look, count, and change nothing. */
  dryRun: boolean;
  /** Then what is shared is made of records that count only, and signed. */
  trust?: RecordTrust | undefined;
  onProgress?: OnProgress | undefined;
}

/** What was done, or with `dryRun` would have been. */
export interface GcReport {
  /** Such as `s3://bucket/prefix/packed/v1/`. */
  name: string;
  removedRuns: number;
  removedAdditions: number;
  /** Of both kinds; copies of runs' records are not counted. */
  keptRecords: number;
  /** Platforms that have a shared record now, and its entries. */
  shared: { platform: string; entries: number }[];
  /** Records that nobody can tell what they name; the first few. */
  unreadable: { key: string; reason: string }[];
  /** `undefined`: not looked at, for an unreadable record may name any of them. */
  packs: PackReport | undefined;
}

export interface PackReport {
  removed: ObjectSum;
  left: ObjectSum;
  /** Of those left, the ones that no record names. */
  unnamed: ObjectSum;
}
