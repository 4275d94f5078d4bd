/** What somebody has already decided, to be written down for go: in shells and in recipes for CI. */
import { ALL_OPTIONS } from "./options.ts";
import { type Environment, resolveSettings } from "./settings.ts";

/** A variable and its value. */
export type Variable = readonly [name: string, value: string];

/**
 * The variables for all options that were given, by flag or by variable, in the order of the table. Checked: a value
 * that nobody could read is a `UsageError` now and not in a job. No credentials, which are no options.
 */
export function givenVariables(flags: ReadonlyMap<string, string>, env: Environment): Variable[] {
  resolveSettings(flags, env);
  return ALL_OPTIONS.flatMap((option) => {
    const value = flags.get(option.flag) || env[option.env];
    return value === undefined || value === "" ? [] : [[option.env, value] as const];
  });
}

/** Whether a server was decided for: then go starts `connect`. */
export function isServed(variables: readonly Variable[]): boolean {
  return variables.some(([name]) => name === "GOCACHE_PLUGIN");
}
