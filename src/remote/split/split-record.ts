/**
 * The body of an action object in the split layout, the format of tailscale/go-cache-plugin:
 *
 *     <output id in lower-case hex> <nanoseconds since 1970 when it was put>
 *
 * Written without a line end; read with any white space around. The size is that of the output object.
 */

export interface SplitRecord {
  outputId: string;
  putTimeMs: number;
}

/** Longest body that can be a record. */
export const MAX_SPLIT_RECORD_BYTES = 256;

const RECORD = /^\s*([0-9a-f]{64})\s+(\d{1,19})\s*$/;
const NANOSECONDS_PER_MS = 1e6;

/** `undefined` for anything but exactly two valid fields. */
export function parseSplitRecord(text: string): SplitRecord | undefined {
  // White space at the end may hide what follows it in a body that was cut off.
  const match = text.length > MAX_SPLIT_RECORD_BYTES ? null : RECORD.exec(text);
  if (match === null) return undefined;
  const [, outputId = "", nanoseconds = ""] = match;
  return { outputId, putTimeMs: Math.floor(Number(nanoseconds) / NANOSECONDS_PER_MS) };
}

export function formatSplitRecord(record: SplitRecord): string {
  return `${record.outputId} ${Math.floor(record.putTimeMs)}000000`;
}
