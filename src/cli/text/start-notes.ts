/** The first lines of `-v`: adjusted values and unknown variables. */
import { ALL_OPTIONS, type Settings } from "../options/options.ts";
import { type Environment, EXPIRY_FLOOR_MS } from "../options/settings.ts";
import { didYouMean } from "./did-you-mean.ts";

/** go's own variables; misspelt ones look like ours. */
const GO_VARIABLES = ["GOCACHE", "GOCACHEPROG"];

/** One line each. */
export function startNotes(settings: Settings, env: Environment): string[] {
  const notes = unknownVariables(env);
  if (settings.expiryMs !== undefined && settings.expiryMs < EXPIRY_FLOOR_MS) {
    notes.push("--expiry is raised to 6h, the minimum");
  }
  return notes;
}

/** `GOCACHE_…` variables that are not options. */
export function unknownVariables(env: Environment): string[] {
  const known = ALL_OPTIONS.map((option) => option.env);
  const names = Object.keys(env).filter((name) => name.startsWith("GOCACHE_") && !known.includes(name));
  return names.map((name) => `${name} is not a variable of this program${variableHint(name)}`);
}

/** Compares names without their common prefix, which would make all of them similar. */
function variableHint(name: string): string {
  const guesses = new Map(GO_VARIABLES.map((variable) => [withoutPrefix(variable), variable]));
  // A variable guessed from the flag: GOCACHE_MIN_UPLOAD_SIZE.
  for (const { flag, env } of ALL_OPTIONS) guesses.set(flag.toUpperCase().replaceAll("-", "_"), env);
  for (const { env } of ALL_OPTIONS) guesses.set(withoutPrefix(env), env);
  return didYouMean(withoutPrefix(name), guesses.keys(), (guess) => guesses.get(guess));
}

function withoutPrefix(variable: string): string {
  return variable.replace(/^GOCACHE_?/, "");
}
