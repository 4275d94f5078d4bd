import type { CacheEntry, LocalEntry } from "./entry.ts";
import type { OnMiss } from "./miss-reason.ts";

/**
 * What the build cache needs of a remote. An implementation never rejects and never takes longer than its own
 * deadline: trouble of any kind is a miss on `get` and silence on `put`.
 */
export interface RemoteBuilds {
  /**
   * Looks an action up and brings its output to the local disk, checked against its id. `undefined`: a miss, of which
   * `onMiss` is told the reason.
   */
  get(actionId: string, onMiss?: OnMiss): Promise<CacheEntry | undefined>;
  /** Notes that an entry was found on the local disk, and used. Cheap. */
  used(entry: LocalEntry): void;
  /** Stores an action whose output is on the local disk, some time behind. */
  put(entry: LocalEntry): void;
  /** Waits, within a bound, for what `put` was given. */
  drain(): Promise<void>;
  /** Does, within a bound, what nobody needs to wait for. Called after `drain`, when go has its answer. */
  settle(): Promise<void>;
  /** Gives up all that is under way. */
  abort(): void;
}
