/** Something that a check found wrong. */
export interface Finding {
  /** A path or a key. */
  where: string;
  /** Such as `its bytes have the SHA-256 …`. */
  what: string;
  /** Removed, so that it is a miss from now on. */
  isRemoved: boolean;
}

/** Whether a check removes what is wrong, and who is told. */
export interface CheckOptions {
  isRepairing: boolean;
  onFinding: (finding: Finding) => void;
}
