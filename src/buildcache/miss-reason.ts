/**
 * Why a look-up in the remote brought nothing:
 *
 *     unknown     nothing there names the action
 *     gone        a record names it, and its bytes are not there any more, or are others
 *     fault       the look-up failed, or took too long
 *     denied      it was refused (403)
 *     unanswered  the remote was not asked, for it had not answered before
 *     slow        it was not asked, for waiting had cost more than it saved
 *     failing     it was not asked, for waiting for what failed had cost too much
 */
const MISS_REASONS = ["unknown", "gone", "fault", "denied", "unanswered", "slow", "failing"] as const;

export type MissReason = (typeof MISS_REASONS)[number];

/** Told of the reason; who says nothing means `unknown`. */
export type OnMiss = (reason: MissReason) => void;

export function isMissReason(value: unknown): value is MissReason {
  return MISS_REASONS.some((reason) => reason === value);
}
