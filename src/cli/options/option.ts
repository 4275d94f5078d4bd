/** The declaration of an option, and the parser of several options' values. */
import { parseBoolean, type ValueParser } from "./values.ts";

/** An option of one command. It has no environment variable: a stray one must not make a command remove things. */
export interface Option<T = unknown> {
  /** The flag's name without dashes. */
  flag: string;
  /** The name of the value in the help; a boolean has none. */
  placeholder?: string;
  /** As a user would write it; `parse` reads it like everything else. */
  default: string;
  meaning: string;
  parse: ValueParser<T>;
}

/** An option of every command. */
export interface CommonOption<T = unknown> extends Option<T> {
  env: string;
  /** Shown in the help instead of an empty default. */
  defaultMeaning?: string;
  /** Several flags count as one with commas. */
  isRepeatable?: true;
}

/** Options by the name of their setting. */
export type Options = Readonly<Record<string, Option>>;

/** The value of every option in `O`. */
export type ValuesOf<O extends Options> = { [K in keyof O]: ReturnType<O[K]["parse"]> };

/** The option of every command that can print JSON. */
export const JSON_OPTION = {
  flag: "json",
  default: "false",
  meaning: "print JSON instead of text",
  parse: parseBoolean,
};

/** A text and the flag or variable to name in an error. */
interface Source {
  text: string;
  name: string;
}

/** Parses the text that `sourceOf` gives for each option, else its default. Throws a `UsageError`. */
export function parseOptions<T extends Option, O extends Readonly<Record<string, T>>>(
  options: O | undefined,
  sourceOf: (option: T) => Source | undefined,
): ValuesOf<O> {
  const entries = Object.entries<T>(options ?? {}).map(([key, option]) => {
    const { text, name } = sourceOf(option) ?? { text: option.default, name: dashed(option.flag) };
    return [key, option.parse(text, name)];
  });
  // Each value is what the parser under the same key returned, which is how ValuesOf is defined.
  return Object.fromEntries(entries) as ValuesOf<O>;
}

/** The value of each option of a command, from `flags` or by default. */
export function parseOwnOptions<O extends Options>(
  options: O | undefined,
  flags: ReadonlyMap<string, string>,
): ValuesOf<O> {
  return parseOptions(options, ({ flag }: Option) => {
    const text = flags.get(flag);
    return text === undefined ? undefined : { text, name: dashed(flag) };
  });
}

/** The flag as it is typed: two dashes, one before a single letter. */
export function dashed(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag}`;
}
