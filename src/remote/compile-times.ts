import type { PackedEntry } from "./packed/format/entry.ts";

/** Longer than any compilation. */
const MAX_MS = 24 * 3_600_000;

/** How long compiling took, by action, in milliseconds of wall time; see `LookupLog.compileTimes`. */
export interface CompileTimes {
  /** All that is known now; `undefined` for an action that nobody has timed. */
  current(): (actionId: string) => number | undefined;
  /** Adds times of actions that are unknown so far. */
  learn(times: Iterable<readonly [actionId: string, ms: number]>): void;
}

/** For the `about` of a record: a number for each of its entries, in order, or nothing for an unknown one. */
export function formatCompileTimes(
  entries: readonly PackedEntry[],
  times: CompileTimes,
): Record<string, string> {
  const timeOf = times.current();
  const all = entries.map(({ actionId }) => timeOf(actionId));
  if (all.every((ms) => ms === undefined)) return {};
  return { compileMs: all.map((ms) => (ms === undefined ? "" : String(Math.floor(ms)))).join(",") };
}

/** Nothing for a record without them, or with something else in their place. */
export function parseCompileTimes(
  { compileMs }: Record<string, unknown>,
  entries: readonly PackedEntry[],
): [actionId: string, ms: number][] {
  if (typeof compileMs !== "string") return [];
  const fields = compileMs.split(",");
  if (fields.length !== entries.length || !fields.every((field) => /^\d{0,8}$/.test(field))) return [];
  return entries.flatMap(({ actionId }, index) => {
    const field = fields[index] ?? "";
    return field === "" ? [] : [[actionId, Math.min(Number(field), MAX_MS)] as [string, number]];
  });
}
