/** `go-cache-plugin prune`: prune the local cache now instead of at the next hourly check. */
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { declareCommand } from "../command.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStderr, writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** Prints what was removed and what is left. Exit code 1 when another process is pruning. */
export const pruneCommand = declareCommand({
  meta: {
    name: "prune",
    group: "maintain",
    description: "prune the local cache to --max-size and --expiry now; entries used in 6h stay",
  },
  examples: ["go-cache-plugin prune --max-size=5GiB", "go-cache-plugin prune --expiry=48h"],
  run: async ({ flags, env }) => {
    const config = toConfig(resolveSettings(flags, env));
    const { locateCacheDir } = await import("../../app/cache-dir/cache-dir.ts");
    const { pruneNow } = await import("../../app/cache-dir/prune-cache.ts");
    const { root } = locateCacheDir(config.cacheDir, env);
    using progress = ProgressLine.open(env);
    const report = pruneNow(root, config, progress.update);
    if (report === undefined) {
      writeStderr(`go-cache-plugin: ${root} can't be written, or another process is pruning it\n`);
      return 1;
    }
    const { removedFiles, removedBytes, keptBytes } = report;
    writeStdout(
      `${root}: removed ${removedFiles} files of ${formatByteSize(removedBytes)}, ${formatByteSize(keptBytes)} left\n`,
    );
    return 0;
  },
});
