/** What `gc` says when it is done. */
import type { GcReport } from "../../app/maintenance/gc.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { decodeName } from "../../lib/text/percent-name.ts";
import { printable } from "../../lib/text/printable.ts";

/** Each pair a line of the text, with a line break at its end. */
export function gcText(report: GcReport, dryRun: boolean): string {
  const { removedRuns, removedAdditions, keptRecords, shared, unreadable, packs } = report;
  const removed = dryRun ? "would remove" : "removed";
  const lines = [
    report.name,
    `records: ${removed} ${removedRuns} of runs and ${removedAdditions} of additions, ${keptRecords} left`,
    ...shared.map(
      ({ platform, entries }) => `shared by projects on ${decodeName(platform)}: ${entries} entries`,
    ),
    packs === undefined
      ? "packs: not looked at, for these records can't be read and may name any of them:"
      : `packs: ${removed} ${formatSum(packs.removed)}, ${formatSum(packs.left)} left, ${formatSum(packs.unnamed)} of them unnamed`,
    ...unreadable.map(({ key, reason }) => `  ${key}: ${reason}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function formatSum({ count, sizeBytes }: { count: number; sizeBytes: number }): string {
  return `${count} (${formatByteSize(sizeBytes)})`;
}
