/** Runs the compiled program as a user would. */
import { binaryPath } from "../../support/binary.ts";
import { type Outcome, run, userEnv } from "../../support/process.ts";

export const programPath = binaryPath;

/** Runs the program to its end with nothing on stdin. */
export function runProgram(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return run([programPath(), ...args], { env: userEnv(env), stdin: "" });
}
