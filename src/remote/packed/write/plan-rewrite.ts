/**
 * Which segments of a run's record to write anew. A record with many small segments costs its readers requests and
 * lookups, and a segment that is hardly used any more keeps packs alive. Small segments are merged when there are more
 * than a few of about the same size, so an entry is written anew a few times in its life.
 */

/** Segments with fewer rows are merged with others below the same limit. Larger ones stay as they are. */
const TIERS = [256, 2_048, 16_384];
/** So many segments below a limit are fine. */
const MAX_PER_TIER = 8;
/** A segment stays if at least this share of its rows is needed. */
const NEEDED_SHARE = 0.5;

export interface RewriteCandidate {
  id: string;
  rows: number;
  /** The rows that this run or a run that readers read has used. */
  neededRows: number;
}

/** The ids of the segments to write anew, as one or more segments with the needed rows. */
export function planRewrite(candidates: readonly RewriteCandidate[]): Set<string> {
  const tierOf = ({ rows }: RewriteCandidate) => TIERS.findIndex((limit) => rows < limit);
  const tiers = Map.groupBy(candidates, tierOf);
  const crowded = [...tiers].filter(([tier, each]) => tier !== -1 && each.length > MAX_PER_TIER);
  const sparse = candidates.filter(({ rows, neededRows }) => neededRows < NEEDED_SHARE * rows);
  return new Set([...crowded.flatMap(([, each]) => each), ...sparse].map(({ id }) => id));
}
