/**
 * The entry. go waits for the first line of output, so nothing is loaded here but what reads the command line.
 * No top-level await: the executable is compiled to bytecode.
 */
import { explainFailure } from "./cli/failure.ts";
import { writeStderr } from "./cli/output.ts";
import { runCli } from "./cli/run.ts";

async function main(): Promise<void> {
  // Bun would print each request with its credentials on stderr, into the log of the build.
  if (process.env.BUN_CONFIG_VERBOSE_FETCH) process.env.BUN_CONFIG_VERBOSE_FETCH = "false";
  const args = process.argv.slice(2);
  let exitCode: number;
  try {
    exitCode = await runCli(args, process.env);
  } catch (error) {
    const failure = await explainFailure(error, args, process.env);
    writeStderr(failure.text);
    exitCode = failure.exitCode;
  }
  // Everything is written by now; an open stdin or an idle connection must not keep the process.
  process.exit(exitCode);
}

void main();
