/** `go-cache-plugin stats`: figures of all go commands of this job. */
import { printableJson } from "../../lib/text/printable.ts";
import { declareCommand } from "../command.ts";
import { JSON_OPTION } from "../options/option.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseBoolean } from "../options/values.ts";
import { writeStdout } from "../output.ts";
import { statsMarkdown, statsText } from "../text/stats-text.ts";
import { UsageError } from "../usage-error.ts";

/** Prints lines for people, JSON, or Markdown. */
export const statsCommand = declareCommand({
  meta: { name: "stats", group: "look", description: "show hits, traffic, time saved and cost of this job" },
  options: {
    isJson: JSON_OPTION,
    isMarkdown: {
      flag: "markdown",
      default: "false",
      meaning: "print Markdown with a chart, for $GITHUB_STEP_SUMMARY",
      parse: parseBoolean,
    },
    isReset: {
      flag: "reset",
      default: "false",
      meaning: "start counting again after printing",
      parse: parseBoolean,
    },
  },
  examples: [
    "go-cache-plugin stats",
    "go-cache-plugin stats --json --reset",
    'go-cache-plugin stats --markdown >> "$GITHUB_STEP_SUMMARY"',
  ],
  run: async ({ options: { isJson, isMarkdown, isReset }, flags, env }) => {
    const config = toConfig(resolveSettings(flags, env));
    if (isJson && isMarkdown) throw new UsageError("choose one of --json and --markdown");
    const { jobStats } = await import("../../app/summary/job-stats.ts");
    const report = jobStats(config, env, isReset);
    if (isJson) writeStdout(`${printableJson(report)}\n`);
    else writeStdout(isMarkdown ? statsMarkdown(report) : statsText(report));
    return 0;
  },
});
