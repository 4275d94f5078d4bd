/**
 * The body of an action object in the split layout, the format of tailscale/go-cache-plugin:
 *
 *     <output id in lower-case hex> <nanoseconds since 1970 when it was put>
 *
 * Written without a line end; surrounding white space is accepted. The size is the size of the output object.
 */

export interface SplitRecord {
  outputId: string;
  putTimeMs: number;
}

/** Longest body of a record. */
export const MAX_SPLIT_RECORD_BYTES = 256;

const RECORD = /^\s*([0-9a-f]{64})\s+(\d{1,19})\s*$/;
/** Digits to drop: JavaScript can't represent so many nanoseconds exactly. */
const DIGITS_BELOW_MS = 6;

/** `undefined` for anything but exactly two valid fields. */
export function parseSplitRecord(text: string): SplitRecord | undefined {
  // A truncated body may end in white space, and anything might follow.
  const match = text.length > MAX_SPLIT_RECORD_BYTES ? null : RECORD.exec(text);
  if (match === null) return undefined;
  const [, outputId = "", nanoseconds = ""] = match;
  return { outputId, putTimeMs: Number(nanoseconds.slice(0, -DIGITS_BELOW_MS)) };
}

export function formatSplitRecord(record: SplitRecord): string {
  return `${record.outputId} ${Math.floor(record.putTimeMs)}000000`;
}
