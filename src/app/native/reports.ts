import type { NativeCache } from "./native-caches.ts";

/** What a `restore` did with one cache. */
export interface RestoreReport extends NativeCache {
  /** Runs that were read; 0: none of this job is known. */
  records: number;
  /** Entries of these runs. */
  entries: number;
  /** Entries that could not be fetched, or not be written. */
  missing: number;
  fetchedBytes: number;
}

/** What a `save` did with one cache. */
export interface SaveReport extends NativeCache {
  /** Entries that the run used, with the new ones. */
  used: number;
  /** Entries that the bucket lacked. */
  added: number;
  uploadedBytes: number;
  /** Whether all of it is in the bucket. */
  isComplete: boolean;
}
