/** `go-cache-plugin save`: read go's own cache directory out after a build. */
import { orSay } from "../../app/native/or-say.ts";
import { declareCommand } from "../command.ts";
import { openNative, savedLine } from "../native-command.ts";
import { writeStdout } from "../output.ts";

/** Exit code 0 also when the bucket fails. Does nothing with --read-only. */
export const saveCommand = declareCommand({
  meta: {
    name: "save",
    description: "upload what is new in go's own cache ($GOCACHE), and record what this run used",
  },
  examples: ["go-cache-plugin save --bucket=my-bucket", "go-cache-plugin save --drain-timeout=5m"],
  run: async (call) => {
    const { config, context } = openNative(call, "save");
    if (config.remote.readOnly) return 0;
    await orSay(context, "nothing was saved", async () => {
      const { save } = await import("../../app/native/save.ts");
      writeStdout(`${savedLine(await save(config, context, true))}\n`);
    });
    return 0;
  },
});
