/**
 * The names of run records, in the folder of their job:
 *
 *     <folder of the job>/<inverted time>-<run>-<writer>.json.zst
 *
 * The inverted time (13 digits) makes listings begin with the newest run. `lib/text/percent-name.ts` encodes names.
 */
import { posix } from "node:path";
import { encodeName } from "../../lib/text/percent-name.ts";

const LAST_MS = 9_999_999_999_999;
const RUN_NAME = /^(\d{13})-(.+)-([^-]+)\.json\.zst$/;

/** The parts of a run record's name. */
export interface RunName {
  startedMs: number;
  /** As encoded in the key. */
  run: string;
  /** The machine or process that wrote it; contains no dash. */
  writer: string;
}

/** The key prefix of all objects that do not belong to the split layout. Ends with a slash. */
export function packedRoot(prefix: string): string {
  return `${posix.join(prefix, "packed", "v1")}/`;
}

/** The folder of a list of names, which may contain any characters. No slash at the end. */
export function jobFolder(...names: string[]): string {
  return names.map(encodeName).join("/");
}

/** Encodes `run`. */
export function formatRunName({ startedMs, run, writer }: RunName): string {
  return `${invertTime(startedMs)}-${encodeName(run)}-${writer}.json.zst`;
}

/** `undefined` if the key is not a run record's. */
export function parseRunName(key: string): RunName | undefined {
  const match = RUN_NAME.exec(key.slice(key.lastIndexOf("/") + 1));
  if (match === null) return undefined;
  const [, inverted = "", run = "", writer = ""] = match;
  return { startedMs: LAST_MS - Number(inverted), run, writer };
}

/** Text that sorts in the opposite order of the time (ms). */
export function invertTime(ms: number): string {
  const time = Math.min(Math.max(Math.floor(ms), 0), LAST_MS);
  return String(LAST_MS - time).padStart(13, "0");
}
