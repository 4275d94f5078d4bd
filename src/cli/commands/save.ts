/** `go-cache-plugin save`: read go's own cache directory out after a build. */
import { declareCommand } from "../command.ts";
import { NATIVE_OPTIONS, openNative, savedLine } from "../native-command.ts";
import { writeStdout } from "../output.ts";

/** Exit code 0 also when the bucket fails, or there is none. Does nothing with --read-only. */
export const saveCommand = declareCommand({
  meta: {
    name: "save",
    group: "CI",
    description: "upload what is new in the caches of go and of linters, and record what was used",
  },
  options: NATIVE_OPTIONS,
  examples: ["go-cache-plugin save --bucket=my-bucket", "go-cache-plugin save --drain-timeout=5m"],
  run: async (call) => {
    const { config, context } = openNative(call, "save", "nothing is saved");
    if (config === undefined || config.remote.readOnly) return 0;
    const { save } = await import("../../app/native/save.ts");
    await save(config, context, {
      ...call.options,
      hasEnded: true,
      onSaved: (report) => writeStdout(`${savedLine(report)}\n`),
    });
    return 0;
  },
});
