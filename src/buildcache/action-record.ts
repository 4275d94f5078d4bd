/**
 * The file `action/<xx>/<action>` of the local cache, the format of tailscale/go-cache-plugin:
 *
 *     <output id in lower-case hex> <size of the output in bytes>\n
 *
 * Its modification time is the time of the put.
 */

/** The output of an action. */
export interface ActionRecord {
  outputId: string;
  sizeBytes: number;
}

/** Larger than any valid record: a 128 digit id, a space, 16 digits, a line end. */
export const MAX_RECORD_BYTES = 256;

const RECORD = /^\s*((?:[0-9a-f]{2}){1,64})\s+(\d{1,16})\s*$/;

/** `undefined` for anything but exactly two valid fields. */
export function parseActionRecord(text: string): ActionRecord | undefined {
  const match = RECORD.exec(text);
  if (match === null) return undefined;
  const [, outputId = "", size = ""] = match;
  const sizeBytes = Number(size);
  return Number.isSafeInteger(sizeBytes) ? { outputId, sizeBytes } : undefined;
}

export function formatActionRecord(record: ActionRecord): string {
  return `${record.outputId} ${record.sizeBytes}\n`;
}
