/** Runs the compiled program as a user would. */
import { binaryPath } from "../support/binary.ts";
import { type Outcome, plainEnv, run } from "../support/process.ts";

export const programPath = binaryPath;

/** What a user has set who has set nothing: `plainEnv` without the suite's own time limit, which `env` would print. */
export function userEnv(env: Record<string, string> = {}): Record<string, string> {
  return plainEnv({ GOCACHE_REMOTE_TIMEOUT: "", ...env });
}

/** Runs the program to its end with nothing on stdin. */
export function runProgram(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return run([programPath(), ...args], { env: userEnv(env), stdin: "" });
}
