/** `exec`: a command between `restore` and `save`. */
import { describeError } from "../../lib/text/describe-error.ts";
import type { RunContext } from "../direct.ts";
import type { NativeConfig } from "./native-job.ts";
import type { RestoreReport, SaveReport } from "./reports.ts";
import { type RestoreOptions, restore } from "./restore.ts";
import { runCommand } from "./run-command.ts";
import { save } from "./save.ts";

export interface ExecOptions extends RestoreOptions {
  onRestored: (report: RestoreReport) => void;
  onSaved: (report: SaveReport) => void;
}

/**
 * Returns the command's exit code, whatever the cache does. What a failed command has built is saved, too. `config`:
 * `undefined` if there is no bucket.
 */
export async function exec(
  config: NativeConfig | undefined,
  command: readonly string[],
  context: RunContext,
  options: ExecOptions,
): Promise<number> {
  const { env, log } = context;
  if (config !== undefined) await restore(config, context, options);
  const { exitCode, error } = await runCommand(command, env);
  if (error !== undefined) {
    log.say(`${command[0]} was not started: ${describeError(error)}`);
    return exitCode;
  }
  if (config?.remote.readOnly === false)
    await save(config, context, { ...options, hasEnded: exitCode === 0 });
  return exitCode;
}
