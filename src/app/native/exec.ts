/** `exec`: a command between `restore` and `save`. */
import { describeError } from "../../lib/text/describe-error.ts";
import type { RunContext } from "../direct.ts";
import type { NativeConfig } from "./native-job.ts";
import { orSay } from "./or-say.ts";
import { type RestoreReport, restore } from "./restore.ts";
import { runCommand } from "./run-command.ts";
import { type SaveReport, save } from "./save.ts";

export interface ExecOptions extends RunContext {
  /** See `restore`. */
  setsMtimes: boolean;
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
  options: ExecOptions,
): Promise<number> {
  const { env, log, onRestored, onSaved } = options;
  if (config === undefined)
    log.say("nothing is restored or saved: no bucket is set (--bucket or GOCACHE_S3_BUCKET)");
  else
    await orSay(options, "nothing was restored", async () =>
      onRestored(await restore(config, options, options.setsMtimes)),
    );
  const { exitCode, error } = await runCommand(command, env);
  if (error !== undefined) {
    log.say(`${command[0]} was not started: ${describeError(error)}`);
    return exitCode;
  }
  if (config?.remote.readOnly === false)
    await orSay(options, "nothing was saved", async () =>
      onSaved(await save(config, options, exitCode === 0)),
    );
  return exitCode;
}
