import type { PackedEntry } from "./packed/format/entry.ts";

/** Upper bound of a compile time. */
const MAX_MS = 24 * 3_600_000;

/** Compile times by action, in milliseconds of wall time; see `LookupLog.compileTimes`. */
export interface CompileTimes {
  /** Returns a lookup of the times known now; `undefined` for an unknown action. */
  current(): (actionId: string) => number | undefined;
  /** Adds the times of actions that are not known yet. */
  learn(times: Iterable<readonly [actionId: string, ms: number]>): void;
}

/** The `compileMs` field for the `about` of a record: one number per entry, in order, empty if unknown. */
export function formatCompileTimes(
  entries: readonly PackedEntry[],
  times: CompileTimes,
): Record<string, string> {
  const timeOf = times.current();
  const all = entries.map(({ actionId }) => timeOf(actionId));
  if (all.every((ms) => ms === undefined)) return {};
  return { compileMs: all.map((ms) => (ms === undefined ? "" : String(Math.floor(ms)))).join(",") };
}

/** Parses that field. Empty if the field is missing or invalid. */
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
