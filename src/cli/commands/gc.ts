/** `go-cache-plugin gc`: remove from the bucket what no build needs any more. */
import { defineCommand } from "citty";
import { refuseReadOnly, requireBucket } from "../bucket-commands.ts";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";
import { UsageError } from "../usage-error.ts";

/** Prints what was removed and what is left. */
export function gcCommand(call: Call) {
  return defineCommand({
    meta: { name: "gc", description: "Remove from the bucket what no build needs any more" },
    run: () => collect(call),
  });
}

async function collect({ commandLine, env }: Call): Promise<void> {
  const settings = resolveSettings(commandLine.flags, env);
  const config = toConfig(settings);
  const { olderThanMs, dryRun, isConfirmed } = resolveCommandSettings(commandLine.flags, "gc");
  const remote = requireBucket(config, "gc");
  if (!dryRun) refuseReadOnly(settings, '"gc"');
  if (remote.prefix === "" && !isConfirmed && !dryRun) {
    throw new UsageError('"gc" without --prefix works at the top of the bucket: add --yes if that is meant');
  }
  const { collectInBucket } = await import("../../app/maintenance/gc.ts");
  const { gcText } = await import("../text/gc-text.ts");
  using progress = ProgressLine.open(env);
  const { cacheDir } = config;
  const onProgress = progress.update;
  const report = await collectInBucket({ config: remote, cacheDir, env, olderThanMs, dryRun, onProgress });
  writeStdout(gcText(report, dryRun));
}
