/** `go-cache-plugin restore`: fill go's own cache directory before a build. */
import { orSay } from "../../app/native/or-say.ts";
import { declareCommand } from "../command.ts";
import { JOB_OPTIONS, openNative, restoredLine } from "../native-command.ts";
import { writeStdout } from "../output.ts";

/** Returns when everything is fetched. Exit code 0 also when that fails. */
export const restoreCommand = declareCommand({
  meta: {
    name: "restore",
    description: "fill go's own cache ($GOCACHE) with what this job's last run used",
  },
  options: JOB_OPTIONS,
  examples: ["go-cache-plugin restore --bucket=my-bucket", "go-cache-plugin restore --scope=lint"],
  run: async (call) => {
    const { config, context } = openNative(call, "restore");
    await orSay(context, "nothing was restored", async () => {
      const { restore } = await import("../../app/native/restore.ts");
      writeStdout(`${restoredLine(await restore(config, context, call.options.setsMtimes))}\n`);
    });
    return 0;
  },
});
