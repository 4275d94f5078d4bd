/** The table that the campaign prints. */
import { median } from "../bench/statistics.ts";
import { markdownTable } from "../support/markdown-table.ts";
import type { Verdict } from "./trial.ts";

/** A run's verdict, with the time of the same commands without a cache. */
export interface Run {
  verdict: Verdict;
  noCacheSeconds: number;
}

const HEADER = [
  "fault",
  "runs",
  "rc",
  "extra, median",
  "extra, most",
  "allowed",
  "wrong bytes",
  "stderr lines, most",
];

export function report(rows: { fault: string; runs: Run[] }[]): string {
  return markdownTable(
    HEADER,
    rows.map(({ fault, runs }) => {
      const verdicts = runs.map(({ verdict }) => verdict);
      const extras = runs.map(extraSeconds);
      return [
        fault,
        String(verdicts.reduce((sum, { runs: strikes = 1 }) => sum + strikes, 0)),
        [...new Set(verdicts.flatMap(({ exitCodes }) => exitCodes))].join(", "),
        formatSeconds(median(extras)),
        formatSeconds(Math.max(...extras)),
        formatSeconds(Math.min(...runs.map(allowedSeconds))),
        String(verdicts.reduce((sum, { wrong }) => sum + wrong.length, 0)),
        String(Math.max(...verdicts.map(({ stderrLines }) => stderrLines))),
      ];
    }),
  );
}

/** The errors of a run; empty on success. */
export function complaints({ exitCodes, wrong, stderrLines, notes }: Verdict): string[] {
  const found: string[] = [];
  if (exitCodes.some((code) => code !== 0)) found.push(`exit codes ${exitCodes.join(", ")}`);
  if (wrong.length > 0) found.push(`wrong bytes: ${wrong.join(", ")}`);
  if (stderrLines > 1) found.push(`${stderrLines} lines on stderr`);
  return found.length === 0 ? [] : [...found, ...notes];
}

/** The errors of its time. */
export function slowness(run: Run): string[] {
  return extraSeconds(run) <= allowedSeconds(run) ? [] : [`above ${formatSeconds(allowedSeconds(run))}`];
}

export function extraSeconds({ verdict, noCacheSeconds }: Run): number {
  return verdict.seconds - noCacheSeconds;
}

function allowedSeconds({ noCacheSeconds }: Run): number {
  return Math.max(10, 1.5 * noCacheSeconds);
}

export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}
