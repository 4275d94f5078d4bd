/** `go-cache-plugin stats`: what the go commands of this job add up to. */
import { defineCommand } from "citty";
import { printableJson } from "../../lib/text/printable.ts";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { UsageError } from "../usage-error.ts";

/** Prints lines for people, JSON, or Markdown. */
export function statsCommand(call: Call) {
  return defineCommand({
    meta: { name: "stats", description: "Show hits, traffic, time saved and cost of this job" },
    run: () => stats(call),
  });
}

async function stats({ commandLine, env }: Call): Promise<void> {
  const config = toConfig(resolveSettings(commandLine.flags, env));
  const { isJson, isMarkdown, isReset } = resolveCommandSettings(commandLine.flags, "stats");
  if (isJson && isMarkdown) throw new UsageError("--json and --markdown exclude each other");
  const { jobStats } = await import("../../app/summary/job-stats.ts");
  const { statsMarkdown, statsText } = await import("../text/stats-text.ts");
  const report = jobStats(config, env, isReset);
  if (isJson) writeStdout(`${printableJson(report)}\n`);
  else writeStdout(isMarkdown ? statsMarkdown(report) : statsText(report));
}
