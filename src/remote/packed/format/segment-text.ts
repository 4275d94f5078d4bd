/**
 * The text at the end of a segment:
 *
 *     {"prefixes":["<prefix>", …],"executables":{"<row>":"<file name>", …}}
 *
 * Without programs there is no `executables`.
 */
import { isPlainFileName } from "../../../lib/files/plain-file-name.ts";
import { isPlainPrefix } from "./keys.ts";

export interface SegmentText {
  prefixes: readonly string[];
  /** The file names of programs by row; `undefined`: a name that could lead elsewhere, so the row is no entry. */
  executables: ReadonlyMap<number, string | undefined>;
}

export function formatSegmentText({ prefixes, executables }: SegmentText): string {
  if (executables.size === 0) return JSON.stringify({ prefixes });
  return JSON.stringify({ prefixes, executables: Object.fromEntries(executables) });
}

/** Throws unless it is such a text. */
export function parseSegmentText(text: string): SegmentText {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error("a segment without prefixes");
  const { prefixes, executables = {} } = value;
  if (!Array.isArray(prefixes) || !prefixes.every((each) => typeof each === "string" && isPlainPrefix(each)))
    throw new Error("a segment without prefixes");
  if (!isObject(executables)) throw new Error("a segment with other executables");
  const names = Object.entries(executables).map(
    ([row, name]) => [Number(row), isName(name) ? name : undefined] as const,
  );
  return { prefixes, executables: new Map(names) };
}

function isName(name: unknown): name is string {
  return typeof name === "string" && isPlainFileName(name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
