import type { RowSet } from "./row-set.ts";
import type { Segment } from "./segment.ts";

/** A segment, as a record names it. */
export interface NamedSegment {
  segment: Segment;
  /** The bucket prefix that has it, unless it is inline. */
  prefix: string;
  /** Whether its bytes are in the record's object, and may be nowhere else. */
  isInline: boolean;
  /** The rows that the run used; `undefined`: all. */
  used: RowSet | undefined;
}

/** A row of a segment. */
export interface Row {
  named: NamedSegment;
  row: number;
}
