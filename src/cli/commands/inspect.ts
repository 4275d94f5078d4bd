/** `go-cache-plugin inspect [ID]`: what is in the bucket or a part of it, or where an action or output is stored. */
import type { MaintenanceOptions } from "../../app/maintenance/with-store.ts";
import { printable, printableJson } from "../../lib/text/printable.ts";
import { requireBucket } from "../bucket-commands.ts";
import { declareCommand } from "../command.ts";
import { JSON_OPTION } from "../options/option.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseIdStart, parseOptionalText } from "../options/values.ts";
import { writeStderr, writeStdout } from "../output.ts";
import { bucketText, idText } from "../text/inspect-text.ts";
import { ProgressLine } from "../text/progress-line.ts";
import { UsageError } from "../usage-error.ts";

/** Entries are written together. */
const BATCH_CHARACTERS = 64 << 10;

/** Prints a table, or JSON with `--json` or `--entries`. Exit code 1 if something that was named is not found. */
export const inspectCommand = declareCommand({
  meta: {
    name: "inspect",
    group: "look",
    description: "show what is in the bucket, or where an action or output is stored",
  },
  args: { id: { type: "positional", required: false } },
  options: {
    isJson: JSON_OPTION,
    entriesOf: {
      flag: "entries",
      placeholder: "KEY",
      default: "",
      meaning:
        "print the entries of a segment (its id or key), or of the segments that a record names, as lines of JSON",
      parse: parseOptionalText,
    },
  },
  examples: [
    "go-cache-plugin inspect --bucket=my-bucket",
    "go-cache-plugin inspect --json",
    "go-cache-plugin inspect 0123456789abcdef",
    "go-cache-plugin inspect --entries=shared/linux_amd64_go1.27.4.json.zst",
  ],
  run: async ({ args, options: { isJson, entriesOf }, flags, env }) => {
    const config = toConfig(resolveSettings(flags, env));
    const remote = requireBucket(config, "inspect");
    const id = args.id === undefined ? undefined : parseIdStart(args.id, "ID");
    if (entriesOf !== undefined) {
      if (id !== undefined) throw new UsageError("give either ID or --entries");
      return await printEntries(entriesOf, { config: remote, cacheDir: config.cacheDir, env });
    }
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

async function printEntries(name: string, options: MaintenanceOptions): Promise<number> {
  const { inspectEntries } = await import("../../app/maintenance/inspect.ts");
  let lines = "";
  const flush = () => {
    writeStdout(lines);
    lines = "";
  };
  const { isFound, missing } = await inspectEntries({
    ...options,
    name,
    onEntry: (entry) => {
      lines += `${JSON.stringify(entry)}\n`;
      if (lines.length >= BATCH_CHARACTERS) flush();
    },
  });
  flush();
  for (const { id, reason } of missing) writeStderr(`${printable(`segment ${id}: ${reason}`)}\n`);
  if (!isFound) writeStderr(`${printable(`the bucket has no segment or record ${name}`)}\n`);
  return isFound && missing.length === 0 ? 0 : 1;
}
