/** `go-cache-plugin restore`: fill go's own cache directory before a build. */

import type { RunContext } from "../../app/direct.ts";
import type { NativeConfig } from "../../app/native/native-job.ts";
import { orSay } from "../../app/native/or-say.ts";
import { declareCommand } from "../command.ts";
import { JOB_OPTIONS, openNative, restoredLine } from "../native-command.ts";
import { flagWords } from "../options/flag-words.ts";
import { parseBoolean } from "../options/values.ts";
import { writeStdout } from "../output.ts";

/** Returns when everything is fetched, with `--wait=false` at once. Exit code 0 also when that fails. */
export const restoreCommand = declareCommand({
  meta: {
    name: "restore",
    description: "fill go's own cache ($GOCACHE) with what this job's last run used",
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
  ],
  run: async (call) => {
    const { config, context } = openNative(call, "restore");
    const { isBlocking, setsMtimes } = call.options;
    await orSay(context, "nothing was restored", async () => {
      writeStdout(
        isBlocking
          ? await restoreNow(config, context, setsMtimes)
          : await restoreBehind(config, context, { setsMtimes, flags: call.flags }),
      );
    });
    return 0;
  },
});

async function restoreNow(config: NativeConfig, context: RunContext, setsMtimes: boolean): Promise<string> {
  const { restore } = await import("../../app/native/restore.ts");
  return `${restoredLine(await restore(config, context, setsMtimes))}\n`;
}

async function restoreBehind(
  config: NativeConfig,
  context: RunContext,
  { setsMtimes, flags }: { setsMtimes: boolean; flags: ReadonlyMap<string, string> },
): Promise<string> {
  const { restoreInBackground } = await import("../../app/native/restore.ts");
  // The times are set by then.
  const rest = new Map([...flags, ["wait", "true"], ["mtimes", "false"]]);
  const command = [process.execPath, "restore", ...flagWords(rest)];
  return `restoring in the background, log ${await restoreInBackground(config, context, { setsMtimes, command })}\n`;
}
