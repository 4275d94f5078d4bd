import type { ObjectSum } from "../../../lib/object-sum.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import type { StoreOptions } from "../../patient-store.ts";
import type { RecordTrust } from "../format/record-trust.ts";

/** The options of a collection. */
export interface GcOptions extends StoreOptions {
  /** Removes run records that are unchanged for this long. */
  olderThanMs: number;
  /** Counts what a collection would remove, and writes nothing. */
  dryRun: boolean;
  /** Builds the shared record from trusted records only, and signs it. */
  trust?: RecordTrust | undefined;
  onProgress?: OnProgress | undefined;
}

/** The result of a collection; with `dryRun`, the result that it would have. */
export interface GcReport {
  /** Such as `s3://bucket/prefix/packed/v1/`. */
  name: string;
  removedRuns: number;
  removedAdditions: number;
  /** Run records and additions, without heads. */
  keptRecords: number;
  /** Platforms with a shared record, and its number of entries. */
  shared: { platform: string; entries: number }[];
  /** The first few records that can't be read. */
  unreadable: { key: string; reason: string }[];
  /** `undefined`: packs were not collected, since an unreadable record may reference any of them. */
  packs: PackReport | undefined;
}

export interface PackReport {
  removed: ObjectSum;
  left: ObjectSum;
  /** The packs among `left` that no record references. */
  unnamed: ObjectSum;
}
