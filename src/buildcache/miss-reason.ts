/**
 * Why a remote lookup missed:
 *
 *     unknown     no record names the action
 *     gone        a record names it, but its output is missing or has other bytes
 *     fault       the lookup failed or timed out
 *     denied      the remote refused the request (403)
 *     unanswered  no request sent: the remote did not answer earlier ones
 *     slow        no request sent: waiting cost more time than hits saved
 *     failing     no request sent: failed lookups cost too much time
 */
const MISS_REASONS = ["unknown", "gone", "fault", "denied", "unanswered", "slow", "failing"] as const;

export type MissReason = (typeof MISS_REASONS)[number];

/** Receives the reason of a miss. Without a call the reason is `unknown`. */
export type OnMiss = (reason: MissReason) => void;

export function isMissReason(value: unknown): value is MissReason {
  return MISS_REASONS.some((reason) => reason === value);
}
