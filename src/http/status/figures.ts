/** Number formats of the status page. */

/** Keeps a number and its unit on one line. */
const NARROW_SPACE = "\u202f";

/** `1,052`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 session`, `1,052 sessions`. */
export function formatAmount(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `98.7 %`; 100 only for the whole, `–` for no ratio. */
export function formatRatio(ratio: number | undefined): string {
  if (ratio === undefined) return "–";
  // 0.29 * 100 is a little less than 29.
  const tenths = Math.floor(ratio * 1000 + 1e-9);
  const isRound = tenths === 1000 || tenths === 0;
  return `${(tenths / 10).toFixed(isRound ? 0 : 1)}${NARROW_SPACE}%`;
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** `12 s`, `3 min`, `3 h 12 min`, `2 d 4 h`: the two largest units; seconds only below a minute. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  const [unit, size] = UNITS[first] ?? ["s", 1];
  const [nextUnit, nextSize] = UNITS[first + 1] ?? ["s", 1];
  const next = Math.floor((seconds % size) / nextSize);
  const rest = nextUnit === "s" || next === 0 ? "" : ` ${next}${NARROW_SPACE}${nextUnit}`;
  return `${Math.floor(seconds / size)}${NARROW_SPACE}${unit}${rest}`;
}

/** `0.4 ms`, `12 ms`, `1.2 s`. */
export function formatSeconds(seconds: number): string {
  const [value, unit] = seconds < 1 ? [seconds * 1000, "ms"] : [seconds, "s"];
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)}${NARROW_SPACE}${unit}`;
}

/** `12:03:04 UTC`. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}
