import type { CacheEntry, LocalEntry } from "./entry.ts";
import type { OnMiss } from "./miss-reason.ts";

/**
 * The remote, as the build cache needs it. An implementation never rejects and never takes longer than its own
 * deadline: a failed `get` is a miss, a failed `put` is ignored.
 */
export interface RemoteBuilds {
  /**
   * Looks up an action and fetches its output to the local disk, verified against its id. `undefined`: a miss; `onMiss`
   * receives the reason.
   */
  get(actionId: string, onMiss?: OnMiss): Promise<CacheEntry | undefined>;
  /** Records a local hit; the local cache has the entry. Cheap. */
  used(actionId: string): void;
  /** Uploads an entry in the background. */
  put(entry: LocalEntry): void;
  /** Waits, within a bound, for the uploads of all puts. */
  drain(): Promise<void>;
  /** Does, within a bound, work that go does not wait for. Called after `drain`, when go has its answer. */
  settle(): Promise<void>;
  /** Aborts all work in progress. */
  abort(): void;
}
