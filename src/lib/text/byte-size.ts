/**
 * Sizes as people write them: `20GiB`, `1.5 MiB`, `500MB`, `1073741824`. `kB`, `MB`, `GB`, `TB` count in 1000s,
 * `KiB`, `MiB`, `GiB`, `TiB` in 1024s; upper and lower case are the same.
 */

const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Whole bytes; `undefined` for anything that is not a size, is negative or exceeds 2^53 − 1. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+|\d+\.\d+(?= ?[kmgt])) ?([a-z]*)$/i.exec(text);
  const unitBytes = UNIT_BYTES[match?.[2]?.toLowerCase() ?? "?"];
  if (unitBytes === undefined) return undefined;
  const bytes = Math.round(Number(match?.[1]) * unitBytes);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const PRINTED_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** For people: `0 B`, `999 B`, `1.5 MiB`, `20.0 GiB`. */
export function formatByteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < PRINTED_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${PRINTED_UNITS[unit]}`;
}
