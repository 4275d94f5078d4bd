/** One go session on stdin and stdout: what direct mode and `connect` have in common. */
import { BuildCache } from "../buildcache/build-cache.ts";
import { LocalCache } from "../buildcache/local-cache.ts";
import { type SessionEnd, serveSession } from "../cacheprog/session.ts";
import { Counters } from "../lib/counters.ts";
import { describeError } from "../lib/describe-error.ts";
import { FdWriter } from "../lib/fd-writer.ts";
import type { Logger } from "../lib/logger.ts";
import type { Progress, WatchProgress } from "../lib/progress.ts";
import { readStdin } from "../lib/stdin-input.ts";
import { LocalDir } from "../store/local-dir.ts";
import { type CacheDir, ensureCacheDir } from "./cache-dir.ts";
import { closeOutput } from "./close-output.ts";
import type { Config } from "./config.ts";
import { FallbackDir } from "./fallback-dir.ts";
import type { LazyRemote } from "./lazy-remote.ts";
import { bytesAfterLastPrune, isPruneDue, pruneNow } from "./prune-cache.ts";
import { watchSignals } from "./signals.ts";
import { MachineMaking } from "./summary/machine-making.ts";
import type { SessionNoteOptions } from "./summary/session-note.ts";

export interface StdinSessionOptions {
  config: Config;
  log: Logger;
  watchProgress: WatchProgress;
  dir: CacheDir;
  /** Makes what is asked after the local disk. */
  openRemote: (parts: SessionParts) => LazyRemote | undefined;
  /** For what is written down of the session. */
  note: Pick<SessionNoteOptions, "env" | "project" | "isServed">;
  /** Whether the directory is to be kept within its limits; a server does that for its own. */
  prunes: boolean;
}

export interface SessionParts {
  local: LocalCache;
  counters: Counters;
  making: MachineMaking;
}

/** Serves until go closes the session or goes away; resolves with the exit code when all is drained. */
export async function serveStdin(options: StdinSessionOptions): Promise<number> {
  const { config, log, watchProgress } = options;
  const { root, shownRoot, refusal } = options.dir;
  if (refusal !== undefined) log.warn("directory", refusal);
  ensureCacheDir(root);
  const counters = new Counters();
  const making = new MachineMaking(root, counters);
  const fallback = new FallbackDir(root);
  const local = new LocalCache({
    dir: new LocalDir(root, shownRoot),
    fallback,
    expiryMs: config.expiryMs,
    onTrouble: (error) => tellDiskTrouble(log, root, error),
  });
  const remote = options.openRemote({ local, counters, making });
  const cache = new BuildCache({ local, remote, counters, log, concurrency: config.concurrency });
  const stdout = new FdWriter(1);
  const signals = watchSignals(() => remote?.abort());

  const end = await serveSession({
    input: readStdin(() => remote?.isInUse !== true),
    write: (text) => stdout.write(text),
    cache,
  });
  signals.sessionEnded();
  const isPruning = options.prunes && isPruneDue(root);
  if (isPruning) warnIfTooLarge(config, log, root);
  await answerClose({ end, cache, stdout, counters, making, config, log, watchProgress });
  closeOutput();
  const { SessionNote } = await import("./summary/session-note.ts");
  const { misses } = cache;
  const did = { counters, misses, making, hasRemote: remote !== undefined };
  const note = new SessionNote({ ...options.note, root, job: config.job, ...did });
  note.goAnswered();
  await cache.drain();
  await cache.settle();
  note.allDone();
  if (isPruning) pruneAll([root, fallback.existing()?.root], config);
  return 0;
}

async function answerClose(options: {
  end: SessionEnd;
  cache: BuildCache;
  stdout: FdWriter;
  counters: Counters;
  making: MachineMaking;
  config: Config;
  log: Logger;
  watchProgress: WatchProgress;
}): Promise<void> {
  const { end, cache, stdout, counters, making, config, log, watchProgress } = options;
  if (end.how === "close" && config.drain === "wait") {
    // On go's own stderr, which is the user's.
    using _line = watchProgress(() => uploadProgress(counters));
    await cache.drain();
  }
  if (config.metrics !== "off") {
    const { formatMetrics } = await import("./format-metrics.ts");
    log.print(formatMetrics(config.metrics, counters, making));
  }
  if (end.how === "close") stdout.write(end.answer);
}

/** What go waits for at the end. */
function uploadProgress(counters: Counters): Progress {
  return { stage: "go-cache-plugin: uploading", done: counters.get("put_remote_bytes"), unit: "bytes" };
}

function tellDiskTrouble(log: Logger, root: string, error: unknown): void {
  log.warn("disk", `cache directory ${root} can't be written: ${describeError(error)}`);
}

function pruneAll(roots: (string | undefined)[], config: Config): void {
  for (const root of roots) if (root !== undefined) pruneNow(root, config);
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
