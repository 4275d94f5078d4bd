/** Direct mode: the helper of one go command, speaking the protocol on stdin and stdout. */
import { BuildCache } from "../buildcache/build-cache.ts";
import { LocalCache } from "../buildcache/local-cache.ts";
import { type SessionEnd, serveSession } from "../cacheprog/session.ts";
import { Counters } from "../lib/counters.ts";
import { describeError } from "../lib/describe-error.ts";
import { FdWriter } from "../lib/fd-writer.ts";
import type { Logger } from "../lib/logger.ts";
import { peakMemoryBytes } from "../lib/peak-memory.ts";
import { readStdin } from "../lib/stdin-input.ts";
import { LocalDir } from "../store/local-dir.ts";
import { locateCacheDir } from "./cache-dir.ts";
import { closeOutput } from "./close-output.ts";
import type { Config } from "./config.ts";
import { FallbackDir } from "./fallback-dir.ts";
import { LazyRemote } from "./lazy-remote.ts";
import { bytesAfterLastPrune, isPruneDue, pruneNow } from "./prune-cache.ts";
import { watchSignals } from "./signals.ts";

/** What a run is given beside its settings. */
export interface RunContext {
  env: Record<string, string | undefined>;
  log: Logger;
}

/** Serves until go closes the session or goes away; resolves with the exit code when all is drained. */
export async function runDirect(config: Config, context: RunContext): Promise<number> {
  const { root, shownRoot } = locateCacheDir(config.cacheDir, context.env);
  const counters = new Counters();
  const fallback = new FallbackDir(root);
  const local = new LocalCache({
    dir: new LocalDir(root, shownRoot),
    fallback,
    expiryMs: config.expiryMs,
    onTrouble: (error) => tellDiskTrouble(context.log, root, error),
  });
  const remote = openLazyRemote({ config, root, local, counters, ...context });
  const cache = new BuildCache({
    local,
    remote,
    counters,
    log: context.log,
    concurrency: config.concurrency,
  });
  const stdout = new FdWriter(1);
  const signals = watchSignals(() => remote?.abort());

  const end = await serveSession({
    input: readStdin(() => remote?.isInUse !== true),
    write: (text) => stdout.write(text),
    cache,
  });
  signals.sessionEnded();
  const isPruning = isPruneDue(root);
  if (isPruning) warnIfTooLarge(config, context.log, root);
  await answerClose({ end, cache, stdout, counters, config, log: context.log });
  closeOutput();
  await cache.drain();
  await cache.settle();
  if (isPruning) pruneAll([root, fallback.existing()?.root], config);
  return 0;
}

async function answerClose(options: {
  end: SessionEnd;
  cache: BuildCache;
  stdout: FdWriter;
  counters: Counters;
  config: Config;
  log: Logger;
}): Promise<void> {
  const { end, cache, stdout, counters, config, log } = options;
  if (end.how === "close" && config.drain === "wait") await cache.drain();
  if (config.printMetrics) log.print(formatMetrics(counters));
  if (end.how === "close") stdout.write(end.answer);
}

function tellDiskTrouble(log: Logger, root: string, error: unknown): void {
  log.warn("disk", `cache directory ${root} can't be written: ${describeError(error)}`);
}

function pruneAll(roots: (string | undefined)[], config: Config): void {
  for (const root of roots) if (root !== undefined) pruneNow(root, config);
}

function openLazyRemote(
  options: RunContext & { config: Config; root: string; local: LocalCache; counters: Counters },
): LazyRemote | undefined {
  const { remote, drainTimeoutMs } = options.config;
  if (remote === undefined) return undefined;
  return new LazyRemote(
    async () => {
      const { openRemote } = await import("./remote.ts");
      return openRemote({ ...options, config: remote, drainTimeoutMs });
    },
    {
      settles: remote.layout !== "split" && !remote.readOnly,
      onFailure: (error) => options.log.warn("remote", `no remote cache: ${describeError(error)}`),
    },
  );
}

/** What is in use can't be pruned, so a limit that is too small for it does nothing: worth a word. */
function warnIfTooLarge(config: Config, log: Logger, root: string): void {
  const keptBytes = bytesAfterLastPrune(root);
  if (config.maxSizeBytes === 0 || keptBytes <= config.maxSizeBytes) return;
  log.warn(
    "size",
    `${root} holds ${keptBytes} bytes that were used within six hours, above --max-size=${config.maxSizeBytes}`,
  );
}

function formatMetrics(counters: Counters): string {
  return JSON.stringify({ ...counters.snapshot(), peak_memory_bytes: peakMemoryBytes() });
}
