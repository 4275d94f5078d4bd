import type { ObjectSum } from "../../../lib/object-sum.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import type { StoreOptions } from "../../patient-store.ts";
import type { RecordTrust } from "../format/record-trust.ts";

/** The options of a collection. */
export interface GcOptions extends StoreOptions {
  /** Removes the records of jobs that were not written for this long. */
  olderThanMs: number;
  /** Counts what a collection would remove, and writes nothing. */
  dryRun: boolean;
  /** Builds the shared record from trusted records only, and signs it. */
  trust?: RecordTrust | undefined;
  onProgress?: OnProgress | undefined;
  /** Whether the caller has just taken the lease; else the collection does, whoever holds it. */
  hasLease?: boolean | undefined;
  /** Milliseconds since some moment. Absent: time does not pass. */
  elapsedMs?: (() => number) | undefined;
  /** Stops after this long, when something was done; the next stretch goes on there. Absent: no limit. */
  limitMs?: number | undefined;
}

/** The result of a stretch of a collection; with `dryRun`, the result that it would have. */
export interface GcReport {
  /** Such as `s3://bucket/prefix/packed/v1/`. */
  name: string;
  /** Whether the round has ended, so that the next collection begins anew. */
  isFinished: boolean;
  removedRuns: number;
  removedAdditions: number;
  /** Run records and additions, without heads. */
  keptRecords: number;
  /** Platforms with a new shared record, and its number of entries. */
  shared: { platform: string; entries: number }[];
  /** The first few records and segments that can't be read. */
  unreadable: { key: string; reason: string }[];
  /**
   * `undefined`: nothing was collected, since what is unreadable may name any of them, or since the stretch ended
   * before. A stretch that goes on counts only what it lists.
   */
  packs: SweepReport | undefined;
  segments: SweepReport | undefined;
}

/** Packs, or segments. */
export interface SweepReport {
  removed: ObjectSum;
  left: ObjectSum;
  /** Those among `left` that nothing names. */
  unnamed: ObjectSum;
}
