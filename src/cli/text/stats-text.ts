/** The output of `stats`: lines, or Markdown for the summary of a CI job. */
import { type Figures, formatCount } from "../../app/summary/figures.ts";
import type { JobStats } from "../../app/summary/job-stats.ts";
import {
  bypassText,
  cost,
  fetched,
  headline,
  percentages,
  savedText,
  summaryLines,
  unusedText,
} from "../../app/summary/summary-text.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { printable } from "../../lib/text/printable.ts";

const BAR_WIDTH = 20;

export function statsText(stats: JobStats): string {
  if (stats.sinceMs === undefined) return `no go command has used the cache in ${nameOf(stats)}\n`;
  const since = new Date(stats.sinceMs).toISOString().replace(/\.\d+Z$/, "Z");
  const lines = summaryLines(stats.figures, `, in ${commands(stats)}`);
  return `${[...lines, `since: ${since}, ${nameOf(stats)}`].join("\n")}\n`;
}

/** A heading, why the bucket was not used, the headline in bold, a table with bars, a table of details. */
export function statsMarkdown(stats: JobStats): string {
  const { figures, sinceMs } = stats;
  if (sinceMs === undefined) return "### go-cache-plugin\n\nNo go command has used the cache.\n";
  const unused = unusedText(figures);
  return `### go-cache-plugin
${unused === undefined ? "" : `\n**${unused}**\n`}
**${headline(figures)}**, in ${commands(stats)}

| lookups | | |
|---|---:|---|
${bars(figures)}

| | |
|---|---|
${details(figures)
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join("\n")}
`;
}

function bars(figures: Figures): string {
  const { localHits, remoteHits, misses } = figures;
  const parts = [
    { what: "local hits", count: localHits },
    { what: "bucket hits", count: remoteHits },
    { what: "misses", count: misses },
  ];
  const whole = localHits + remoteHits + misses;
  const shares = percentages(figures);
  return parts
    .map(({ what, count }, index) => {
      const length = whole === 0 ? 0 : Math.round((BAR_WIDTH * count) / whole);
      const blocks = "█".repeat(length) + "░".repeat(BAR_WIDTH - length);
      return `| ${what} | ${formatCount(count)} | \`${blocks}\` ${shares[index]} |`;
    })
    .join("\n");
}

function details(figures: Figures): [name: string, value: string][] {
  const { fetchedOutputs, fetchedBytes, requests, receivedBytes, sentBytes, troubles } = figures;
  const rows: [string, string | undefined][] = [
    ["fetched from the bucket", fetchedOutputs > 0 ? fetched(fetchedOutputs, fetchedBytes) : undefined],
    ["received, sent", requests > 0 ? [receivedBytes, sentBytes].map(formatByteSize).join(", ") : undefined],
    ["cost, at AWS's prices", requests > 0 ? cost(figures) : undefined],
    ["time saved", savedText(figures)],
    ["errors", troubles.join(", ") || "none"],
    ["bucket bypassed", bypassText(figures)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function commands({ goCommands }: JobStats): string {
  return `${formatCount(goCommands)} go ${goCommands === 1 ? "command" : "commands"}`;
}

function nameOf({ job, run }: JobStats): string {
  return printable(`job ${job}, run ${run}`);
}
