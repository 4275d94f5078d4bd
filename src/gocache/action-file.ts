/**
 * A file `<xx>/<action>-a` of go's own cache, always 175 bytes:
 *
 *     v1 <action, hex> <output, hex> <size of the output, %20d> <time of the put, ns since 1970, %20d>\n
 */
import type { CacheEntry } from "../buildcache/entry.ts";

export const ACTION_FILE_BYTES = 175;

const ACTION_FILE = /^v1 ([0-9a-f]{64}) ([0-9a-f]{64}) ([ \d]{20}) ([ \d]{20})\n$/;
const NUMBER = /^ *(\d+)$/;
const NS_PER_MS = 1_000_000n;

/** `undefined` for anything that go would not read as the record of this action. */
export function parseActionFile(text: string, actionId: string): CacheEntry | undefined {
  const match = ACTION_FILE.exec(text);
  if (match === null) return undefined;
  const [, action = "", outputId = "", size = "", time = ""] = match;
  const sizeBytes = Number(digitsOf(size));
  const ns = digitsOf(time);
  if (action !== actionId || ns === undefined || !Number.isSafeInteger(sizeBytes)) return undefined;
  return { actionId, outputId, sizeBytes, putTimeMs: Number(BigInt(ns) / NS_PER_MS) };
}

/** A later time than `lastMs` counts as that one. */
export function formatActionFile(entry: Omit<CacheEntry, "executable">, lastMs: number): string {
  const { actionId, outputId, sizeBytes, putTimeMs } = entry;
  const ns = BigInt(Math.floor(Math.max(0, Math.min(putTimeMs, lastMs)))) * NS_PER_MS;
  return `v1 ${actionId} ${outputId} ${pad(sizeBytes)} ${pad(ns)}\n`;
}

function digitsOf(field: string): string | undefined {
  return NUMBER.exec(field)?.[1];
}

function pad(number: number | bigint): string {
  return String(number).padStart(20);
}
