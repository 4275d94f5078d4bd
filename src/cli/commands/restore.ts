/** `go-cache-plugin restore`: fill go's own cache directory before a build. */

import type { RunContext } from "../../app/direct.ts";
import type { NativeConfig } from "../../app/native/native-job.ts";
import { orSay } from "../../app/native/or-say.ts";
import type { RestoreReport } from "../../app/native/reports.ts";
import type { RestoreOptions } from "../../app/native/restore.ts";
import { declareCommand } from "../command.ts";
import { JOB_OPTIONS, openNative, restoredLine } from "../native-command.ts";
import { flagWords } from "../options/flag-words.ts";
import { parseBoolean } from "../options/values.ts";
import { writeStdout } from "../output.ts";

/** Returns when everything is fetched, with `--wait=false` at once. Exit code 0 also when that fails, or there is no bucket. */
export const restoreCommand = declareCommand({
  meta: {
    name: "restore",
    group: "CI",
    description: "fill the caches of go and of linters with what this job's last run used",
  },
  options: {
    isBlocking: {
      flag: "wait",
      default: "true",
      meaning:
        "return when everything is restored; --wait=false: at once, go builds what is not there yet, and a log in state/ in the cache directory has the rest",
      parse: parseBoolean,
    },
    ...JOB_OPTIONS,
  },
  examples: [
    "go-cache-plugin restore --bucket=my-bucket",
    "go-cache-plugin restore --scope=lint",
    "go-cache-plugin restore --wait=false",
    "go-cache-plugin restore --only=build",
  ],
  run: async (call) => {
    const { config, context } = openNative(call, "restore", "nothing is restored");
    if (config === undefined) return 0;
    const { isBlocking, ...options } = call.options;
    if (isBlocking) await restoreNow(config, context, options);
    else await restoreBehind(config, context, { ...options, flags: call.flags });
    return 0;
  },
});

async function restoreNow(config: NativeConfig, context: RunContext, options: RestoreOptions): Promise<void> {
  const { restore } = await import("../../app/native/restore.ts");
  const onRestored = (report: RestoreReport) => writeStdout(`${restoredLine(report)}\n`);
  await restore(config, context, { ...options, onRestored });
}

async function restoreBehind(
  config: NativeConfig,
  context: RunContext,
  { flags, ...options }: RestoreOptions & { flags: ReadonlyMap<string, string> },
): Promise<void> {
  const { restoreInBackground } = await import("../../app/native/restore.ts");
  // The times are set by then.
  const rest = new Map([...flags, ["wait", "true"], ["mtimes", "false"]]);
  const command = [process.execPath, "restore", ...flagWords(rest)];
  await orSay(context, "nothing was restored", async () => {
    const log = await restoreInBackground(config, context, { ...options, command });
    if (log !== undefined) writeStdout(`restoring in the background, log ${log}\n`);
  });
}
