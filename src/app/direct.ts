/** Direct mode: the helper of one go command, speaking the protocol on stdin and stdout. */

import type { Logger } from "../lib/logger.ts";
import type { WatchProgress } from "../lib/progress.ts";
import { describeError } from "../lib/text/describe-error.ts";
import { locateCacheDir } from "./cache-dir/cache-dir.ts";
import type { Config } from "./config.ts";
import { LazyRemote } from "./remote/lazy-remote.ts";
import { type SessionParts, serveStdin } from "./stdin-session.ts";

/** The environment of a run, and what it reports to. */
export interface RunContext {
  env: Record<string, string | undefined>;
  log: Logger;
  /** Shows the progress of long operations on a terminal. */
  watchProgress: WatchProgress;
}

/** Serves until go closes the session or goes away; resolves with the exit code when all is drained. */
export async function runDirect(config: Config, context: RunContext): Promise<number> {
  const dir = locateCacheDir(config.cacheDir, context.env);
  return await serveStdin({
    config,
    log: context.log,
    watchProgress: context.watchProgress,
    dir,
    note: { env: context.env, project: config.remote?.project, isServed: false },
    openRemote: (parts) => openLazyRemote({ config, root: dir.root, ...parts, ...context }),
    prunes: true,
  });
}

function openLazyRemote(
  options: RunContext & SessionParts & { config: Config; root: string },
): LazyRemote | undefined {
  const { remote, drainTimeoutMs, maxSizeBytes } = options.config;
  if (remote === undefined) return undefined;
  return new LazyRemote(
    async () => {
      const { openRemote } = await import("./remote/remote.ts");
      return openRemote({ ...options, config: remote, drainTimeoutMs, maxSizeBytes });
    },
    {
      settles: remote.layout !== "split" && !remote.readOnly,
      onFailure: (error) =>
        options.log.warn("remote", `remote cache disabled for this command: ${describeError(error)}`),
    },
  );
}
