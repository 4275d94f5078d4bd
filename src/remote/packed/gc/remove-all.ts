import { mapAhead } from "../../../lib/async/map-ahead.ts";
import type { PackedBucket } from "../bucket/packed-bucket.ts";

/** Concurrent delete requests. */
const PARALLEL_REMOVALS = 16;

/** Removes objects. Calls `onRemoved` after each, in their order. */
export async function removeAll(
  bucket: PackedBucket,
  keys: Iterable<string>,
  onRemoved: () => void = () => {},
): Promise<void> {
  for await (const _ of mapAhead(keys, PARALLEL_REMOVALS, (key) => bucket.delete(key))) onRemoved();
}
