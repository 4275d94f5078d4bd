import { PROJECT_DIR } from "./binary.ts";
import { run } from "./process.ts";

/** ShellCheck's findings in a script, one per line; empty when it is clean. */
export async function shellcheck(shell: "sh" | "bash", script: string): Promise<string> {
  const argv = ["node", "test/support/shellcheck.mjs", shell];
  const outcome = await run(argv, { cwd: PROJECT_DIR, stdin: script });
  if (outcome.exitCode !== 0) throw new Error(`shellcheck does not run: ${outcome.stderr}`);
  return outcome.stdout;
}
