/** `go-cache-plugin inspect [ID]`: what is in the bucket, or where one action or output lies. */
import { defineCommand } from "citty";
import { printableJson } from "../../lib/text/printable.ts";
import { requireBucket } from "../bucket-commands.ts";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseIdStart } from "../options/values.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** Prints a table, or JSON with `--json`. Exit code 1 when an id is nowhere. */
export function inspectCommand(call: Call) {
  return defineCommand({
    meta: { name: "inspect", description: "Say what is in the bucket" },
    args: { id: { type: "positional", required: false } },
    run: async ({ args }) => {
      call.exitCode = await inspect(call, args.id);
    },
  });
}

async function inspect({ commandLine, env }: Call, idText: string | undefined): Promise<number> {
  const config = toConfig(resolveSettings(commandLine.flags, env));
  const { isJson } = resolveCommandSettings(commandLine.flags, "inspect");
  const remote = requireBucket(config, "inspect");
  const id = idText === undefined ? undefined : parseIdStart(idText, "ID");
  const { inspectId, inspectWhole } = await import("../../app/maintenance/inspect.ts");
  const { bucketText, idText: describeId } = await import("../text/inspect-text.ts");
  using progress = ProgressLine.open(env);
  const options = { config: remote, cacheDir: config.cacheDir, env, onProgress: progress.update };
  if (id === undefined) {
    const report = await inspectWhole(options);
    writeStdout(isJson ? `${printableJson(report)}\n` : bucketText(report));
    return 0;
  }
  const report = await inspectId({ ...options, id });
  writeStdout(isJson ? `${printableJson(report)}\n` : describeId(id, report));
  const { actions, outputs } = report.local;
  return report.inBucket.length + actions.length + outputs.length > 0 ? 0 : 1;
}
