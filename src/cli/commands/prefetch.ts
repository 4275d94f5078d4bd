/** `go-cache-plugin prefetch`: fetch what the last run of this job used, behind the steps that come before go. */
import { defineCommand } from "citty";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { requireBucket } from "../bucket-commands.ts";
import type { Call } from "../call.ts";
import { makeLogger } from "../make-logger.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { watchProgress } from "../text/progress-line.ts";
import { UsageError } from "../usage-error.ts";

/** Returns at once; with `--wait` when all is there, and then says how much that is. */
export function prefetchCommand(call: Call) {
  return defineCommand({
    meta: { name: "prefetch", description: "Fetch what the last run of this job used" },
    run: () => prefetch(call),
  });
}

async function prefetch({ commandLine, env }: Call): Promise<void> {
  const settings = resolveSettings(commandLine.flags, env);
  const config = toConfig(settings);
  const { isWaiting } = resolveCommandSettings(commandLine.flags, "prefetch");
  const remote = requireBucket(config, "prefetch");
  if (remote.layout === "split") throw new UsageError('"prefetch" needs --layout=packed or both');
  if (!isWaiting) {
    prefetchBehind(commandLine.flags, env);
    return;
  }
  const context = { env, log: makeLogger(settings), watchProgress: watchProgress(env) };
  const { prefetchNow } = await import("../../app/prefetch.ts");
  const { records, entries, fetchedBytes } = await prefetchNow({ ...config, remote }, context);
  const size = formatByteSize(fetchedBytes);
  writeStdout(
    records === 0 ? "no run of this job is known yet\n" : `${entries} entries are here, ${size} fetched\n`,
  );
}

/** In a process that holds none of this one's streams, so that nobody waits for it. */
function prefetchBehind(flags: ReadonlyMap<string, string>, env: Call["env"]): void {
  const words = [...flags].map(([name, value]) => `--${name}=${value}`);
  const child = Bun.spawn([process.execPath, "prefetch", "--wait", ...words], {
    env,
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
}
