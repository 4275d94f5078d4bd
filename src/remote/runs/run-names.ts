/**
 * The names of run records, in the folder of their job:
 *
 *     <folder of the job>/<inverted time>-<run>-<writer>.json.zst
 *
 * The inverted time, 13 digits, makes a listing begin with the newest. Names are encoded by
 * `lib/text/percent-name.ts`.
 */
import { posix } from "node:path";
import { encodeName } from "../../lib/text/percent-name.ts";

const LAST_MS = 9_999_999_999_999;
const RUN_NAME = /^(\d{13})-(.+)-([^-]+)\.json\.zst$/;

/** What the name of a run record says. */
export interface RunName {
  startedMs: number;
  /** As encoded in the key. */
  run: string;
  /** The machine or process that wrote it; has no dash. */
  writer: string;
}

/** Begins the key of every object that is not of the split layout; ends with a slash. */
export function packedRoot(prefix: string): string {
  return `${posix.join(prefix, "packed", "v1")}/`;
}

/** A folder for each list of names, whatever they contain; without a slash at the end. */
export function jobFolder(...names: string[]): string {
  return names.map(encodeName).join("/");
}

/** `run`: not encoded yet. */
export function formatRunName({ startedMs, run, writer }: RunName): string {
  return `${invertTime(startedMs)}-${encodeName(run)}-${writer}.json.zst`;
}

/** `undefined` for a key that is no run record's. */
export function parseRunName(key: string): RunName | undefined {
  const match = RUN_NAME.exec(key.slice(key.lastIndexOf("/") + 1));
  if (match === null) return undefined;
  const [, inverted = "", run = "", writer = ""] = match;
  return { startedMs: LAST_MS - Number(inverted), run, writer };
}

/** Sorts as text in the other order than the time (ms). */
export function invertTime(ms: number): string {
  const time = Math.min(Math.max(Math.floor(ms), 0), LAST_MS);
  return String(LAST_MS - time).padStart(13, "0");
}
