/** A problem found by a check. */
export interface Finding {
  /** A path or a key. */
  where: string;
  /** Such as `its bytes have the SHA-256 …`. */
  what: string;
  /** Whether the check removed it; lookups then miss. */
  isRemoved: boolean;
}

/** Whether a check removes bad entries, and who receives its findings. */
export interface CheckOptions {
  isRepairing: boolean;
  onFinding: (finding: Finding) => void;
}
