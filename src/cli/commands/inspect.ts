/** `go-cache-plugin inspect [ID]`: what is in the bucket, or where one action or output is stored. */
import { printableJson } from "../../lib/text/printable.ts";
import { requireBucket } from "../bucket-commands.ts";
import { declareCommand } from "../command.ts";
import { JSON_OPTION } from "../options/option.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseIdStart } from "../options/values.ts";
import { writeStdout } from "../output.ts";
import { bucketText, idText } from "../text/inspect-text.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** Prints a table, or JSON with `--json`. Exit code 1 if an id is not found. */
export const inspectCommand = declareCommand({
  meta: {
    name: "inspect",
    description: "show what is in the bucket, or where an action or output is stored",
  },
  args: { id: { type: "positional", required: false } },
  options: { isJson: JSON_OPTION },
  examples: [
    "go-cache-plugin inspect --bucket=my-bucket",
    "go-cache-plugin inspect --json",
    "go-cache-plugin inspect 0123456789abcdef",
  ],
  run: async ({ args, options: { isJson }, flags, env }) => {
    const config = toConfig(resolveSettings(flags, env));
    const remote = requireBucket(config, "inspect");
    const id = args.id === undefined ? undefined : parseIdStart(args.id, "ID");
    const { inspectId, inspectWhole } = await import("../../app/maintenance/inspect.ts");
    using progress = ProgressLine.open(env);
    const options = { config: remote, cacheDir: config.cacheDir, env, onProgress: progress.update };
    if (id === undefined) {
      const report = await inspectWhole(options);
      writeStdout(isJson ? `${printableJson(report)}\n` : bucketText(report));
      return 0;
    }
    const report = await inspectId({ ...options, id });
    writeStdout(isJson ? `${printableJson(report)}\n` : idText(id, report));
    const { actions, outputs } = report.local;
    return report.inBucket.length + actions.length + outputs.length > 0 ? 0 : 1;
  },
});
