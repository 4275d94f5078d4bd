import type { Making } from "../../remote/making.ts";

/** An average of fewer says nothing. */
const MIN_PUTS = 50;
/** Nor does one of a few main packages about the hits of a whole build. */
const MAX_HITS_A_PUT = 20;

/**
 * About how much longer go would have been at it with nothing cached, in milliseconds: the hits, times what an entry has
 * taken on average. `undefined`: nothing was hit, or too little was made
 * yet, here and in the runs whose records were read, to say.
 */
export function savedMs(counts: Record<string, number>, { puts, ms }: Making): number | undefined {
  const { get_local_hit: local = 0, get_remote_hit: remote = 0 } = counts;
  const hits = local + remote;
  if (hits === 0 || puts < MIN_PUTS || hits > MAX_HITS_A_PUT * puts) return undefined;
  return Math.round((hits * ms) / puts);
}
