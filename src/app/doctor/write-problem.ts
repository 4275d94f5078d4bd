import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { describeError } from "../../lib/text/describe-error.ts";

/** Why nothing can be made in a directory, or in the nearest one that exists above it. Changes nothing. */
export function writeProblem(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return writeProblem(dirname(path));
    if (!found.isDirectory()) return `${path} is not a directory`;
    accessSync(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
