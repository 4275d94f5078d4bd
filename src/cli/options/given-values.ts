/** What somebody has already decided, to be written down for go: in shells and in recipes for CI. */
import { holdsSecret } from "../../lib/text/hide-secrets.ts";
import { ALL_OPTIONS } from "./options.ts";
import { type Environment, resolveSettings } from "./settings.ts";

/** A variable and its value. */
export type Variable = readonly [name: string, value: string];

/** What was given, by flag or by variable, in the order of the table. */
export interface GivenValues {
  variables: Variable[];
  /** The variables whose values are left out, because they are secrets or hold one. */
  secrets: string[];
}

/**
 * Checked: a value that nobody could read is a `UsageError` now and not in a job. Credentials of AWS are no options, and
 * so are in neither list.
 */
export function givenValues(flags: ReadonlyMap<string, string>, env: Environment): GivenValues {
  resolveSettings(flags, env);
  const given: GivenValues = { variables: [], secrets: [] };
  for (const option of ALL_OPTIONS) {
    const value = flags.get(option.flag) || env[option.env];
    if (value === undefined || value === "") continue;
    if (holdsSecret(value)) given.secrets.push(option.env);
    else given.variables.push([option.env, value]);
  }
  return given;
}

/** Whether a server was decided for: then go starts `connect`. */
export function isServed({ variables }: GivenValues): boolean {
  return variables.some(([name]) => name === "GOCACHE_PLUGIN");
}
