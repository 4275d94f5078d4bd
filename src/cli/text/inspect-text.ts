/** The tables of `inspect`. */
import type { BucketReport, IdReport } from "../../app/maintenance/inspect.ts";
import { cacheOf } from "../../app/native/cache-platform.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { formatAge, formatSpan } from "../../lib/text/duration.ts";
import { printable } from "../../lib/text/printable.ts";
import { formatSum } from "../bucket-commands.ts";
import { alignColumns } from "./text-layout.ts";

const HEADING = [
  "CACHE",
  "PLATFORM",
  "PROJECT",
  "BRANCH",
  "JOB",
  "RUNS",
  "COMPLETE",
  "ENTRIES",
  "PACKS",
  "SIZE",
  "USED",
  "NEWEST",
];

/** The scopes, then the totals. */
export function bucketText(report: BucketReport): string {
  const { scopes, totals, serverTimeMs, collection, unreadable } = report;
  const rows = scopes.map((scope) => [
    scope.cache,
    ...[cacheOf(scope.platform).platform ?? "any", scope.project, scope.branch, scope.job].map(printable),
    ...[scope.runs, scope.completeRuns, scope.entries, scope.packs].map(String),
    formatByteSize(scope.packBytes),
    formatShare(scope.usedBytes, scope.packBytes),
    formatAge(serverTimeMs - scope.newestMs),
  ]);
  const { runRecords, additions, sharedRecords, packs, unnamedPacks, usedBytes } = totals;
  const { segments, unnamedSegments, absentSegments } = totals;
  const used = formatShare(usedBytes, packs.sizeBytes);
  const missing = absentSegments === 0 ? "" : `; ${absentSegments} more that records name are missing`;
  const lines = [
    printable(report.name),
    ...(rows.length > 0 ? [alignColumns([HEADING, ...rows])] : []),
    `records: ${runRecords} of runs, ${additions} of additions, ${sharedRecords} shared`,
    `segments: ${formatSum(segments)}; named by no record: ${formatSum(unnamedSegments)}${missing}`,
    `packs: ${formatSum(packs)}, used by newest runs: ${used}; named by no record: ${formatSum(unnamedPacks)}`,
    ...collectionLines(collection, serverTimeMs),
    ...unreadable.map(({ key, reason }) => printable(`unreadable: ${key}: ${reason}`)),
  ];
  return `${lines.join("\n")}\n`;
}

/** Nothing of a bucket in which no collection has begun. */
function collectionLines(collection: BucketReport["collection"], nowMs: number): string[] {
  const { finishedMs, isUnfinished = false } = collection ?? {};
  if (finishedMs === undefined && !isUnfinished) return [];
  const last =
    finishedMs === undefined
      ? "never finished"
      : `last finished ${formatSpan(Math.max(0, nowMs - finishedMs))} ago`;
  return [`gc: ${last}${isUnfinished ? ", one is unfinished" : ""}`];
}

/** Where an id is stored: in the bucket, then on this machine. */
export function idText(id: string, { inBucket, local }: IdReport): string {
  const lines = inBucket.flatMap((entry) => {
    const { actionId, outputId, sizeBytes, putTimeMs, place, records, recordCount, module } = entry;
    return [
      `action ${actionId}`,
      ...(module === undefined ? [] : [`  module ${module}`]),
      `  output ${outputId}, ${sizeBytes} bytes, put ${formatTime(putTimeMs)}`,
      place === undefined
        ? "  empty, not stored"
        : `  pack ${place.key}${place.isThere ? "" : " (missing)"}, offset ${place.offset}, length ${place.length}`,
      ...records.map((key) => `  in ${key}`),
      ...(recordCount > records.length ? [`  and in ${recordCount - records.length} more`] : []),
    ];
  });
  for (const { path, record, isWhole } of local.actions) {
    lines.push(`local action ${path}`);
    if (record === undefined) lines.push("  unreadable");
    else lines.push(`  output ${record.outputId}, ${record.sizeBytes} bytes${isWhole ? "" : " (missing)"}`);
  }
  for (const { path, sizeBytes, usedMs } of local.outputs) {
    lines.push(`local output ${path}`, `  ${sizeBytes} bytes, last used ${formatTime(usedMs)}`);
  }
  if (lines.length === 0)
    lines.push(`no action or output starts with ${id}, neither in the bucket nor in the local cache`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function formatShare(part: number, whole: number): string {
  return whole === 0 ? "-" : `${Math.round((100 * part) / whole)}%`;
}

function formatTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "at an unknown time" : date.toISOString();
}
