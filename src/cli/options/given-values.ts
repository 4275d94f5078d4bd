/** The given options as variables for go, for shells and for the recipes of CI systems. */
import { holdsSecret } from "../../lib/text/hide-secrets.ts";
import { ALL_OPTIONS } from "./options.ts";
import { type Environment, resolveSettings } from "./settings.ts";

/** A variable and its value. */
export type Variable = readonly [name: string, value: string];

/** The options given by flag or variable, in the order of the table. */
export interface GivenValues {
  variables: Variable[];
  /** The variables without their values, which are or contain secrets. */
  secrets: string[];
}

/** Throws a `UsageError` for an invalid value. AWS credentials are not options, so they are in neither list. */
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

/** Whether the values name a server, so that go starts `connect`. */
export function isServed({ variables }: GivenValues): boolean {
  return variables.some(([name]) => name === "GOCACHE_PLUGIN");
}
