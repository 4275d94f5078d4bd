/** Runs the compiled program as a user would. */
import { binaryPath } from "../support/binary.ts";
import { type Outcome, plainEnv, run } from "../support/process.ts";

/** The executable under test: that of the build, unless GO_CACHE_PLUGIN_BINARY names another. */
export function programPath(): string {
  return process.env.GO_CACHE_PLUGIN_BINARY ?? binaryPath();
}

/** Runs the program to its end with nothing on stdin. */
export function runProgram(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return run([programPath(), ...args], { env: plainEnv(env), stdin: "" });
}
