/** What `verify` says when it is done. */
import type { VerifyReport } from "../../app/maintenance/verify.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { printable } from "../../lib/text/printable.ts";

/** A line for each place, one for the result. */
export function verifyText(
  { root, local, bucket }: VerifyReport,
  { wrong, removed }: { wrong: number; removed: number },
): string {
  const lines = [`${root}: ${formatSum(local.outputs)} outputs, ${local.records} records`];
  if (bucket !== undefined) {
    const { name, records, packs, frames, splitOutputs, newerRecords, absentPacks } = bucket;
    lines.push(`${name}: ${records} records, ${formatSum(packs)} packs, ${frames} outputs in them`);
    if (splitOutputs.count > 0) lines.push(`split layout: ${formatSum(splitOutputs)} outputs`);
    if (newerRecords > 0) lines.push(`not looked at: ${newerRecords} records of a later version`);
    if (absentPacks > 0) lines.push(`gone: ${absentPacks} packs that records name, which are misses`);
  }
  lines.push(wrong === 0 ? "nothing wrong" : `${wrong} wrong, ${removed} of them removed`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function formatSum({ count, sizeBytes }: { count: number; sizeBytes: number }): string {
  return `${count} (${formatByteSize(sizeBytes)})`;
}
