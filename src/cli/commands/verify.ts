/** `go-cache-plugin verify`: check stored contents against their hashes. */
import type { VerifyReport } from "../../app/maintenance/verify.ts";
import { printable } from "../../lib/text/printable.ts";
import { formatSum, refuseReadOnly } from "../bucket-commands.ts";
import { declareCommand } from "../command.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseBoolean } from "../options/values.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** Prints each wrong file or object at once. Exit code 1 when one is left. */
export const verifyCommand = declareCommand({
  meta: {
    name: "verify",
    group: "maintain",
    description: "check the local cache and the bucket against their hashes",
  },
  options: {
    isRepairing: {
      flag: "repair",
      default: "false",
      meaning: "remove wrong entries, so that they become misses and are rebuilt",
      parse: parseBoolean,
    },
  },
  examples: ["go-cache-plugin verify", "go-cache-plugin verify --bucket=my-bucket --repair"],
  run: async ({ options: { isRepairing }, flags, env }) => {
    const settings = resolveSettings(flags, env);
    const { cacheDir, remote } = toConfig(settings);
    if (isRepairing && remote !== undefined) refuseReadOnly(settings, "--repair");
    const { verifyAll } = await import("../../app/maintenance/verify.ts");
    using progress = ProgressLine.open(env);
    const found = { wrong: 0, removed: 0 };
    const report = await verifyAll({
      config: remote,
      cacheDir,
      env,
      isRepairing,
      onProgress: progress.update,
      onFinding: ({ where, what, isRemoved }) => {
        found.wrong++;
        if (isRemoved) found.removed++;
        writeStdout(`${printable(`${where}: ${what}`)}${isRemoved ? "; removed" : ""}\n`);
      },
    });
    writeStdout(verifyText(report, found));
    return found.wrong > found.removed ? 1 : 0;
  },
});

/** A line for each place, one for the result. */
function verifyText(
  { root, local, bucket }: VerifyReport,
  { wrong, removed }: { wrong: number; removed: number },
): string {
  const lines = [`${root}: ${formatSum(local.outputs)} outputs, ${local.records} records`];
  if (bucket !== undefined) {
    const { name, records, segments, packs, frames, splitOutputs } = bucket;
    const { newerRecords, absentSegments, absentPacks } = bucket;
    lines.push(
      `${name}: ${records} records, ${formatSum(segments)} segments, ${formatSum(packs)} packs, ${frames} outputs in them`,
    );
    if (splitOutputs.count > 0) lines.push(`split layout: ${formatSum(splitOutputs)} outputs`);
    if (newerRecords > 0) lines.push(`skipped: ${newerRecords} records of a later version`);
    if (absentSegments > 0)
      lines.push(`missing: ${absentSegments} segments that records name; lookups in them are misses`);
    if (absentPacks > 0)
      lines.push(`missing: ${absentPacks} packs that segments name; lookups in them are misses`);
  }
  lines.push(wrong === 0 ? "nothing wrong" : `${wrong} wrong, ${removed} of them removed`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}
