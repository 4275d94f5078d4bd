/** `go-cache-plugin gc`: remove from the bucket what no build needs any more. */
import type { GcReport } from "../../app/maintenance/gc.ts";
import { decodeName } from "../../lib/text/percent-name.ts";
import { printable } from "../../lib/text/printable.ts";
import { formatSum, refuseReadOnly, requireBucket } from "../bucket-commands.ts";
import { declareCommand } from "../command.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseBoolean, parseLongDuration } from "../options/values.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";
import { UsageError } from "../usage-error.ts";

/** Prints what was removed and what is left. */
export const gcCommand = declareCommand({
  meta: {
    name: "gc",
    group: "maintain",
    description: "remove from the bucket what no run used for two weeks; needs s3:DeleteObject",
  },
  options: {
    olderThanMs: {
      flag: "older-than",
      placeholder: "DURATION",
      default: "14d",
      meaning: "remove records of jobs unused for this long, such as 14d or 36h",
      parse: parseLongDuration,
    },
    dryRun: {
      flag: "dry-run",
      default: "false",
      meaning: "show what would be removed, change nothing",
      parse: parseBoolean,
    },
    isConfirmed: {
      flag: "yes",
      default: "false",
      meaning: "run even without --prefix",
      parse: parseBoolean,
    },
  },
  examples: [
    "go-cache-plugin gc --bucket=my-bucket --prefix=team --dry-run",
    "go-cache-plugin gc --bucket=my-bucket --prefix=team --older-than=30d",
    "go-cache-plugin gc --bucket=my-bucket --yes",
  ],
  run: async ({ options: { olderThanMs, dryRun, isConfirmed }, flags, env }) => {
    const settings = resolveSettings(flags, env);
    const config = toConfig(settings);
    const remote = requireBucket(config, "gc");
    if (!dryRun) refuseReadOnly(settings, '"gc"');
    if (remote.prefix === "" && !isConfirmed && !dryRun) {
      throw new UsageError(
        '"gc" without --prefix works on the whole bucket: set --prefix, or confirm with --yes',
      );
    }
    const { collectInBucket } = await import("../../app/maintenance/gc.ts");
    using progress = ProgressLine.open(env);
    const { cacheDir } = config;
    const onProgress = progress.update;
    const report = await collectInBucket({ config: remote, cacheDir, env, olderThanMs, dryRun, onProgress });
    writeStdout(gcText(report, dryRun));
    return 0;
  },
});

function gcText(report: GcReport, dryRun: boolean): string {
  const { removedRuns, removedAdditions, keptRecords, shared, unreadable, packs, segments } = report;
  const removed = dryRun ? "would remove" : "removed";
  const lines = [
    report.name,
    `records: ${removed} ${removedRuns} of runs and ${removedAdditions} of additions, ${keptRecords} left`,
    ...shared.map(
      ({ platform, entries }) => `shared by projects on ${decodeName(platform)}: ${entries} entries`,
    ),
    ...(packs === undefined || segments === undefined
      ? ["packs and segments: skipped; what is unreadable may name any of them:"]
      : [`packs: ${removed} ${sweepText(packs)}`, `segments: ${removed} ${sweepText(segments)}`]),
    ...unreadable.map(({ key, reason }) => `  ${key}: ${reason}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function sweepText({ removed, left, unnamed }: NonNullable<GcReport["packs"]>): string {
  return `${formatSum(removed)}, ${formatSum(left)} left, ${formatSum(unnamed)} of them unnamed`;
}
