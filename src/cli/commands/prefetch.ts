/** `go-cache-plugin prefetch`: prefetch what this job's last run used while other steps run. */
import { startInBackground } from "../../lib/process/background.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { requireBucket } from "../bucket-commands.ts";
import { declareCommand } from "../command.ts";
import { flagWords } from "../options/flag-words.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseBoolean } from "../options/values.ts";
import { makeLogger, writeStdout } from "../output.ts";
import { watchProgress } from "../text/progress-line.ts";
import { UsageError } from "../usage-error.ts";

/** Returns at once. With `--wait` returns when everything is fetched, and prints how much that is. */
export const prefetchCommand = declareCommand({
  meta: {
    name: "prefetch",
    group: "use",
    description: "prefetch what this job's last run used; returns at once without --wait",
  },
  options: {
    isWaiting: {
      flag: "wait",
      default: "false",
      meaning: "return when everything is fetched",
      parse: parseBoolean,
    },
  },
  examples: ["go-cache-plugin prefetch --bucket=my-bucket", "go-cache-plugin prefetch --wait --scope=lint"],
  run: async ({ options: { isWaiting }, flags, env }) => {
    const settings = resolveSettings(flags, env);
    const config = toConfig(settings);
    const remote = requireBucket(config, "prefetch");
    if (remote.layout === "split") throw new UsageError('"prefetch" needs --layout=packed or both');
    if (!isWaiting) {
      startInBackground([process.execPath, "prefetch", "--wait", ...flagWords(flags)], env);
      return 0;
    }
    const context = { env, log: makeLogger(settings), watchProgress: watchProgress(env) };
    const { prefetchNow } = await import("../../app/prefetch.ts");
    const { records, entries, fetchedBytes } = await prefetchNow({ ...config, remote }, context);
    const size = formatByteSize(fetchedBytes);
    writeStdout(
      records === 0
        ? "no earlier run of this job is known\n"
        : `${entries} entries are local, ${size} fetched\n`,
    );
    return 0;
  },
});
