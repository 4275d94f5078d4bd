/** The output of `stats`: lines, or Markdown for the summary of a CI job. */
import { type Figures, formatCount } from "../../app/summary/figures.ts";
import type { JobStats } from "../../app/summary/job-stats.ts";
import { nativeDetails } from "../../app/summary/native-text.ts";
import {
  bypassText,
  cost,
  fetched,
  hasLookUps,
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
  const lines = summaryLines(stats.figures, commandsOf(stats));
  return `${[...lines, `since: ${since}, ${nameOf(stats)}`].join("\n")}\n`;
}

/** A heading, why the bucket was not used, the headline in bold, a table with bars, a table of details. */
export function statsMarkdown(stats: JobStats): string {
  const { figures, sinceMs } = stats;
  if (sinceMs === undefined) return "### go-cache-plugin\n\nNo go command has used the cache.\n";
  const unused = unusedText(figures);
  return `### go-cache-plugin
${unused === undefined ? "" : `\n**${unused}**\n`}
**${headline(figures)}**${commandsOf(stats)}
${hasLookUps(figures) ? lookUpBars(figures) : ""}${usedBars(figures)}
| | |
|---|---|
${details(figures)
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join("\n")}
`;
}

function lookUpBars(figures: Figures): string {
  const { localHits, remoteHits, misses } = figures;
  const counts = [localHits, remoteHits, misses];
  return bars("lookups", ["local hits", "bucket hits", "misses"], { counts, shares: percentages(figures) });
}

/** Without a save it is not known what go used. */
function usedBars({ native }: Figures): string {
  if (native === undefined || native.used === 0) return "";
  const { used, added } = native;
  const known = Math.max(0, used - added);
  return bars("entries used", ["stored before", "new"], {
    counts: [known, added],
    shares: percentages({ localHits: known, remoteHits: 0, misses: added }).toSpliced(1, 1),
  });
}

/** A table with a line break before and after it. */
function bars(
  heading: string,
  names: readonly string[],
  { counts, shares }: { counts: readonly number[]; shares: readonly string[] },
): string {
  const whole = counts.reduce((sum, count) => sum + count, 0);
  const rows = counts.map((count, index) => {
    const length = whole === 0 ? 0 : Math.round((BAR_WIDTH * count) / whole);
    const blocks = "█".repeat(length) + "░".repeat(BAR_WIDTH - length);
    return `| ${names[index]} | ${formatCount(count)} | \`${blocks}\` ${shares[index]} |`;
  });
  return `\n| ${heading} | | |\n|---|---:|---|\n${rows.join("\n")}\n`;
}

function details(figures: Figures): [name: string, value: string][] {
  const { fetchedOutputs, fetchedBytes, requests, receivedBytes, sentBytes, troubles, native } = figures;
  const rows: [string, string | undefined][] = [
    ["restore and save", native === undefined ? undefined : nativeDetails(native)],
    ["fetched from the bucket", fetchedOutputs > 0 ? fetched(fetchedOutputs, fetchedBytes) : undefined],
    ["received, sent", requests > 0 ? [receivedBytes, sentBytes].map(formatByteSize).join(", ") : undefined],
    ["cost, at AWS's prices", requests > 0 ? cost(figures) : undefined],
    ["time saved", savedText(figures)],
    ["errors", troubles.join(", ") || "none"],
    ["bucket bypassed", bypassText(figures)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

/** After `restore` and `save` go commands had no helper that counts them. */
function commandsOf({ goCommands, figures }: JobStats): string {
  if (goCommands === 0 && figures.native !== undefined) return "";
  return `, in ${formatCount(goCommands)} go ${goCommands === 1 ? "command" : "commands"}`;
}

function nameOf({ job, run }: JobStats): string {
  return printable(`job ${job}, run ${run}`);
}
