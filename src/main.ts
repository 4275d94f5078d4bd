/**
 * The entry point. go waits for the first line of output, so this loads only what reads the command line.
 * No top-level await: the executable is compiled to bytecode.
 */
import { explainFailure } from "./cli/failure.ts";
import { writeStderr } from "./cli/output.ts";
import { runCli } from "./cli/run.ts";

async function main(): Promise<void> {
  // Otherwise Bun logs each request with its credentials to stderr, into the build log.
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
  // All output is written. An open stdin or an idle connection must not keep the process alive.
  process.exit(exitCode);
}

void main();
