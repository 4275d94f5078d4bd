/** `go-cache-plugin exec -- CMD…`: a command with go's own cache directory filled before, and read out after it. */
import { declareCommand } from "../command.ts";
import { JOB_OPTIONS, openNative, restoredLine, savedLine } from "../native-command.ts";

/** The exit code is the command's, also without a bucket. */
export const execCommand = declareCommand({
  meta: {
    name: "exec",
    group: "CI",
    description: "restore, run a command, save; its exit code is the command's",
  },
  args: { command: { type: "positional", required: true, isOpenEnded: true } },
  options: JOB_OPTIONS,
  examples: ["go-cache-plugin exec --bucket=my-bucket -- go test ./...", "go-cache-plugin exec -- make ci"],
  run: async (call) => {
    const { config, context } = openNative(call, "exec", "nothing is restored or saved");
    const { exec } = await import("../../app/native/exec.ts");
    const { log } = context;
    return await exec(config, call.args._, context, {
      ...call.options,
      onRestored: (report) => log.say(restoredLine(report)),
      onSaved: (report) => log.say(savedLine(report)),
    });
  },
});
