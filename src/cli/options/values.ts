/**
 * Parsers of option values, one for each kind of value, for flags, environment variables and defaults alike. Each takes
 * the text and the name of its source (`--expiry` or `GOCACHE_EXPIRY`), and throws a `UsageError` such as
 * `GOCACHE_EXPIRY: "banana" is not a duration such as 48h or 1h30m`.
 */
import {
  LISTEN_ADDRESS_KINDS,
  type ListenAddress,
  parseListenAddress,
} from "../../lib/network/listen-address.ts";
import { parseByteSize } from "../../lib/text/byte-size.ts";
import { parseDuration, parseLongDuration as readLongDuration } from "../../lib/text/duration.ts";
import { hideSecrets, quoteValue } from "../../lib/text/hide-secrets.ts";
import { UsageError } from "../usage-error.ts";

/** Parses a value, or throws a `UsageError` that names `name`. */
export interface ValueParser<T> {
  (text: string, name: string): T;
  /** All possible values, if they are few. */
  choices?: readonly string[];
}

/** The texts of Go's `strconv.ParseBool`. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false] as const),
]);

/** setTimeout counts in 32 bits and fires at once above that (24.8 days). */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

const DURATION = "a duration such as 48h or 1h30m";

/** The error for a value that is not what `expected` says. */
export function invalidValue(name: string, text: string, expected: string): UsageError {
  return new UsageError(`${name}: ${quoteValue(text)} is not ${expected}`);
}

/** Whether Go would read `text` as a boolean. */
export function isBooleanText(text: string): boolean {
  return BOOLEANS.has(text);
}

export function parseBoolean(text: string, name: string): boolean {
  const value = BOOLEANS.get(text);
  if (value === undefined) throw invalidValue(name, text, "true or false");
  return value;
}

/** Empty: not set. */
export function parseOptionalBoolean(text: string, name: string): boolean | undefined {
  return text === "" ? undefined : parseBoolean(text, name);
}

/** The output at exit: a boolean, as in tailscale/go-cache-plugin, or `json`. */
export function parseMetrics(text: string, name: string): "off" | "summary" | "json" {
  if (text === "json") return text;
  const value = BOOLEANS.get(text);
  if (value === undefined) throw invalidValue(name, text, "true, false or json");
  return value ? "summary" : "off";
}

/** Any text; empty: not set. */
export function parseOptionalText(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/**
 * A name that becomes part of keys in the bucket; empty: not set. Secrets are removed from it: on some CI systems the
 * name is the repository's URL, with a different token in each job.
 */
export function parseName(text: string): string | undefined {
  return parseOptionalText(hideSecrets(text));
}

/** A path; empty: not set. */
export function parsePath(text: string, name: string): string | undefined {
  if (text === "") return undefined;
  // Neither go nor a shell expands it inside GOCACHEPROG; a directory called "~" is never meant.
  if (/^~[^/\\]*([/\\]|$)/.test(text))
    throw new UsageError(`${name}: "~" is not expanded here; write $HOME or the whole path`);
  return text;
}

/** Empty: not set. */
export function parseAddress(text: string, name: string): ListenAddress | undefined {
  if (text === "") return undefined;
  if (/^~/.test(text))
    throw new UsageError(`${name}: "~" is not expanded here; write $HOME or the whole path`);
  const address = parseListenAddress(text);
  if (address === undefined) throw invalidValue(name, text, LISTEN_ADDRESS_KINDS);
  return address;
}

/** Comma-separated names, trimmed, without empty ones. */
export function parseNames(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** A bit mask. */
export function parseMask(text: string, name: string): number {
  const value = parseInteger(text);
  if (value === undefined) throw invalidValue(name, text, "a whole number");
  return value;
}

/** A count; 0: `fallback`, as in tailscale/go-cache-plugin. */
export function parseCount(fallback: number): ValueParser<number> {
  return (text, name) => {
    const value = parseInteger(text);
    if (value === undefined || value < 0) throw invalidValue(name, text, "a whole number from 0 up");
    return value === 0 ? fallback : value;
  };
}

/** Bytes. */
export function parseSize(text: string, name: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw invalidValue(name, text, "a size such as 20GiB, 500MB or 1048576");
  return bytes;
}

/** Milliseconds from 0 up; 0 or empty: not set. */
export function parseOptionalDuration(text: string, name: string): number | undefined {
  const ms = text === "" ? 0 : parseDuration(text);
  if (ms === undefined || ms < 0) throw invalidValue(name, text, DURATION);
  return ms === 0 ? undefined : ms;
}

/** Milliseconds from 0 up, at most the maximum of a timer. */
export function parseTimeout(text: string, name: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0) throw invalidValue(name, text, DURATION);
  return Math.min(ms, MAX_TIMEOUT_MS);
}

/** Like `parseTimeout`, above 0. */
export function parsePositiveTimeout(text: string, name: string): number {
  const ms = parseTimeout(text, name);
  if (ms === 0) throw invalidValue(name, text, "a duration above 0");
  return ms;
}

/** Milliseconds above 0, also in days. */
export function parseLongDuration(text: string, name: string): number {
  const ms = readLongDuration(text);
  if (ms === undefined || ms <= 0) throw invalidValue(name, text, "a duration above 0 such as 14d or 36h");
  return ms;
}

/** The start of a hexadecimal id, in lower case. */
export function parseIdStart(text: string, name: string): string {
  if (!/^[0-9a-f]{8,64}$/i.test(text)) throw invalidValue(name, text, "8 to 64 hex digits");
  return text.toLowerCase();
}

/** One of a few words. */
export function parseChoice<T extends string>(...choices: readonly T[]): ValueParser<T> {
  const parse = (text: string, name: string): T => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw invalidValue(name, text, choices.map((each) => `"${each}"`).join(" or "));
    return choice;
  };
  return Object.assign(parse, { choices });
}

/** At least one of a few words, comma-separated. */
export function parseChoices<T extends string>(...choices: readonly T[]): ValueParser<ReadonlySet<T>> {
  const parseOne = parseChoice(...choices);
  const parse = (text: string, name: string) => {
    const words = parseNames(text);
    return new Set((words.length === 0 ? [""] : words).map((word) => parseOne(word, name)));
  };
  return Object.assign(parse, { choices });
}

function parseInteger(text: string): number | undefined {
  const value = /^[+-]?\d+$|^0x[0-9a-f]+$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
