/**
 * Go's durations, as `time.ParseDuration` reads them: `48h`, `1h30m`, `1.5h`, `300ms`, `-2m`, `0`. Units: `ns`,
 * `us` (`µs`), `ms`, `s`, `m`, `h`; every number needs one, except a lone `0`.
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3, // micro sign
  "\u03bcs": 1e-3, // Greek mu
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The longest duration of Go: 2^63 − 1 nanoseconds, about 292 years. */
const MAX_MS = 2 ** 63 / 1e6;

const PART = /(\d+\.?\d*|\.\d+)([a-z\u00b5\u03bc]+)/gy;

/** Milliseconds, to the nanosecond; `undefined` for anything that Go refuses. */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, "");
  if (unsigned === "0") return 0;
  const ms = sumParts(unsigned);
  if (ms === undefined || ms >= MAX_MS) return undefined;
  return text.startsWith("-") ? -ms : ms;
}

const DAY_MS = 86_400_000;

/** The same for long times, which may begin with days, unlike Go's: `14d`, `1d12h`. */
export function parseLongDuration(text: string): number | undefined {
  const [, days = "", rest = ""] = /^(?:(\d+(?:\.\d+)?)d)?(.*)$/s.exec(text) ?? [];
  if (days === "") return parseDuration(text);
  const restMs = rest === "" ? 0 : parseDuration(rest);
  if (restMs === undefined || /^[+-]/.test(rest)) return undefined;
  const ms = Number(days) * DAY_MS + restMs;
  return ms < MAX_MS ? ms : undefined;
}

const AGE_UNITS = [
  ["d", DAY_MS],
  ["h", UNIT_MS.h],
  ["m", UNIT_MS.m],
] as const;

/** For people, in the largest unit that fits: `3d`, `5h`, `12m`; less is `now`. */
export function formatAge(ms: number): string {
  for (const [unit, unitMs = 1] of AGE_UNITS) if (ms >= unitMs) return `${Math.floor(ms / unitMs)}${unit}`;
  return "now";
}

/** For people, in the largest unit that fits: `3d`, `5h`, `12m`, `40s`. */
export function formatSpan(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1000)}s` : formatAge(ms);
}

/** For people, to the nearest minute: `3h`, `1h35m`, `12m`. */
export function formatMinutes(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return `${hours > 0 ? `${hours}h` : ""}${rest > 0 || hours === 0 ? `${rest}m` : ""}`;
}

function sumParts(text: string): number | undefined {
  let ms = 0;
  let end = 0;
  for (const [part, number, unit] of text.matchAll(PART)) {
    const unitMs = UNIT_MS[unit ?? ""];
    if (unitMs === undefined) return undefined;
    ms += Number(number) * unitMs;
    end += part.length;
  }
  // Whole nanoseconds, so that 0.07s is 70 and not 70.00000000000001.
  return end > 0 && end === text.length ? Math.round(ms * 1e6) / 1e6 : undefined;
}
