/**
 * The names of run records, in the folder of their job:
 *
 *     <folder of the job>/<inverted time>-<run>-<writer>.<entries>.json.zst
 *     <folder of the job>/<inverted time>-<run>-<writer>.<entries>.ended.json.zst    nothing more will be added
 *
 * `<entries>`: how many entries the run has used, so that listings tell how far it got; records of modules, which grow
 * with their entries, go without. The inverted time (13 digits) makes listings begin with the newest run. `lib/text/percent-name.ts` encodes names.
 */
import { posix } from "node:path";
import { encodeName } from "../../lib/text/percent-name.ts";

const LAST_MS = 9_999_999_999_999;
const RUN_NAME = /^(\d{13})-(.+)-([^-.]+)(?:\.(\d{1,9}))?(\.ended)?\.json\.zst$/;
const SUFFIX = /(\.\d{1,9})?(\.ended)?\.json\.zst$/;

/** The parts of a run record's name. */
export interface RunName {
  startedMs: number;
  /** As encoded in the key. */
  run: string;
  /** The machine or process that wrote it; contains no dash. */
  writer: string;
  /** How many entries the run has used; `undefined`: the name does not say. */
  entries: number | undefined;
  /** The run has ended: nothing will be added. */
  hasEnded: boolean;
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
export function formatRunName({ startedMs, run, writer, hasEnded }: Omit<RunName, "entries">): string {
  return `${invertTime(startedMs)}-${encodeName(run)}-${writer}${hasEnded ? ".ended" : ""}.json.zst`;
}

/** `undefined` if the key is not a run record's. */
export function parseRunName(key: string): RunName | undefined {
  const match = RUN_NAME.exec(key.slice(key.lastIndexOf("/") + 1));
  if (match === null) return undefined;
  const [, inverted = "", run = "", writer = "", count, ended] = match;
  const entries = count === undefined ? undefined : Number(count);
  return { startedMs: LAST_MS - Number(inverted), run, writer, entries, hasEnded: ended !== undefined };
}

/** Text that sorts in the opposite order of the time (ms). */
export function invertTime(ms: number): string {
  const time = Math.min(Math.max(Math.floor(ms), 0), LAST_MS);
  return String(LAST_MS - time).padStart(13, "0");
}

/** The key of a run record once its run has ended. */
export function endedRunName(key: string): string {
  return key.replace(/(\.ended)?\.json\.zst$/, ".ended.json.zst");
}

/** The key of a run record that says how many entries the run has used. */
export function countedRunName(key: string, entries: number): string {
  return key.replace(SUFFIX, (_, _count, ended = "") => `.${entries}${ended}.json.zst`);
}

/** What the keys of a run record have in common, while it grows and when it has ended. */
export function runStem(key: string): string {
  return key.replace(SUFFIX, "");
}
