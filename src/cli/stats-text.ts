/** What `stats` prints: lines, or Markdown for the summary of a CI's job. */
import { type Figures, formatCount } from "../app/summary/figures.ts";
import type { JobStats } from "../app/summary/job-stats.ts";
import {
  cost,
  fetched,
  headline,
  leftAlone,
  percent,
  savedText,
  summaryLines,
} from "../app/summary/summary-text.ts";
import { formatByteSize } from "../lib/byte-size.ts";
import { printable } from "../lib/printable.ts";

const BAR_WIDTH = 20;

export function statsText(stats: JobStats): string {
  if (stats.sinceMs === undefined) return `nothing was counted yet in ${nameOf(stats)}\n`;
  const since = new Date(stats.sinceMs).toISOString().replace(/\.\d+Z$/, "Z");
  const [first = "", ...rest] = summaryLines(stats.figures);
  return `${[`${first}, in ${commands(stats)}`, ...rest, `since: ${since}, ${nameOf(stats)}`].join("\n")}\n`;
}

/** A heading, the sum in bold, a table with bars, a table of the rest. */
export function statsMarkdown(stats: JobStats): string {
  const { figures, sinceMs } = stats;
  if (sinceMs === undefined) return "### go-cache-plugin\n\nNo go command has used the cache.\n";
  return `### go-cache-plugin

**${headline(figures)}**, in ${commands(stats)}

| look-ups | | |
|---|---:|---|
${bar("answered by the local disk", figures.localHits, figures.lookUps)}
${bar("waited for from the bucket", figures.remoteHits, figures.lookUps)}
${bar("missed", figures.misses, figures.lookUps)}

| | |
|---|---|
${details(figures)
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join("\n")}
`;
}

function bar(what: string, part: number, whole: number): string {
  const length = whole === 0 ? 0 : Math.round((BAR_WIDTH * part) / whole);
  const blocks = "█".repeat(length) + "░".repeat(BAR_WIDTH - length);
  return `| ${what} | ${formatCount(part)} | \`${blocks}\` ${percent(part, whole)} |`;
}

function details(figures: Figures): [name: string, value: string][] {
  const { broughtOutputs, broughtBytes, requests, receivedBytes, sentBytes, troubles } = figures;
  const rows: [string, string | undefined][] = [
    ["fetched from the bucket", broughtOutputs > 0 ? fetched(broughtOutputs, broughtBytes) : undefined],
    ["received, sent", requests > 0 ? [receivedBytes, sentBytes].map(formatByteSize).join(", ") : undefined],
    ["requests, at AWS's prices", requests > 0 ? cost(figures) : undefined],
    ["time saved", savedText(figures) ?? "not known yet"],
    ["errors", troubles.join(", ") || "none"],
    ["remote left alone", leftAlone(figures)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function commands({ goCommands }: JobStats): string {
  return `${formatCount(goCommands)} go ${goCommands === 1 ? "command" : "commands"}`;
}

function nameOf({ job, run }: JobStats): string {
  return printable(`job ${job}, run ${run}`);
}
