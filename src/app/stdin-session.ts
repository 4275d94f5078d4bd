/** One go session on stdin and stdout, for direct mode and `connect`. */
import { BuildCache } from "../buildcache/build-cache.ts";
import type { LocalEntry } from "../buildcache/entry.ts";
import type { LocalCache } from "../buildcache/local-cache.ts";
import { type SessionEnd, serveSession } from "../cacheprog/session.ts";
import { Counters } from "../lib/counters.ts";
import type { Logger } from "../lib/logger.ts";
import { FdWriter } from "../lib/process/fd-writer.ts";
import { readStdin } from "../lib/process/stdin-input.ts";
import type { Progress, WatchProgress } from "../lib/progress.ts";
import type { CacheDir } from "./cache-dir/cache-dir.ts";
import { ensureCacheDir } from "./cache-dir/dir-owner.ts";
import { FallbackDir } from "./cache-dir/fallback-dir.ts";
import { openLocalCache } from "./cache-dir/open-local-cache.ts";
import { openReadThrough } from "./cache-dir/open-read-through.ts";
import { bytesAfterLastPrune, isPruneDue, pruneNow } from "./cache-dir/prune-cache.ts";
import { closeOutput } from "./close-output.ts";
import type { Config } from "./config.ts";
import { withChosenResults } from "./remote/chosen-results.ts";
import type { LazyRemote } from "./remote/lazy-remote.ts";
import { watchSignals } from "./signals.ts";
import { CompileTimesFile } from "./summary/compile-times-file.ts";
import type { SessionNote, SessionNoteOptions } from "./summary/session-note.ts";

export interface StdinSessionOptions {
  config: Config;
  log: Logger;
  watchProgress: WatchProgress;
  dir: CacheDir;
  /** Opens the remote, which is looked up after the local disk. */
  openRemote: (parts: SessionParts) => LazyRemote | undefined;
  /** For the session's note. */
  note: Pick<SessionNoteOptions, "env" | "project" | "isServed">;
  /** Whether the directory is to be kept within its limits; a server does that for its own. */
  prunes: boolean;
}

export interface SessionParts {
  local: LocalCache;
  counters: Counters;
  compileTimes: CompileTimesFile;
}

/** Serves until go closes the session or goes away; resolves with the exit code when all is drained. */
export async function serveStdin(options: StdinSessionOptions): Promise<number> {
  const { config, log, watchProgress } = options;
  const { root, refusal } = options.dir;
  if (refusal !== undefined) log.warn("directory", refusal);
  ensureCacheDir(root);
  const counters = new Counters();
  const startedMs = Date.now();
  const compileTimes = new CompileTimesFile(root);
  const fallback = new FallbackDir(root);
  const local = openLocalCache({ ...options.dir, config, log }, fallback);
  const remote = options.openRemote({ local, counters, compileTimes });
  const readThrough = openReadThrough(options.note.env, root, local);
  const { concurrency, job } = config;
  const onFirstPut = () => void openNote().then((note) => note.firstPut());
  const places = { local, readThrough, remote: remote && withChosenResults(remote, config, local) };
  const cache = new BuildCache({ ...places, counters, log, concurrency, onFirstPut });
  const openNote = lazily(async () => {
    const { SessionNote } = await import("./summary/session-note.ts");
    const { lookups } = cache;
    const did = { counters, lookups, compileTimes, startedMs, hasRemote: remote !== undefined };
    return new SessionNote({ ...options.note, root, job, ...did });
  });
  const stdout = new FdWriter(1);
  const signals = watchSignals(() => remote?.abort());

  const end = await serveSession({
    input: readStdin(() => remote?.isInUse !== true),
    write: (text) => stdout.write(text),
    cache,
  });
  signals.sessionEnded();
  if (cache.lookups.hasMisses) {
    const { keepPrograms } = await import("./keep-programs.ts");
    const share = (entry: LocalEntry) => remote?.put(entry);
    keepPrograms({ ...options.note, lookups: cache.lookups, local, share, counters, log });
  }
  // Before the drain, which writes records: they contain the compile times.
  compileTimes.measured(cache.lookups.compileTimes);
  const isPruning = options.prunes && isPruneDue(root);
  if (isPruning) warnIfTooLarge(config, log, root);
  await answerClose({ end, cache, stdout, counters, openNote, config, log, watchProgress });
  closeOutput();
  const note = await openNote();
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
  openNote: () => Promise<SessionNote>;
  config: Config;
  log: Logger;
  watchProgress: WatchProgress;
}): Promise<void> {
  const { end, cache, stdout, counters, openNote, config, log, watchProgress } = options;
  if (end.how === "close" && config.drain === "wait") {
    // On go's own stderr, which is the user's.
    using _line = watchProgress(() => uploadProgress(counters));
    await cache.drain();
  }
  if (config.metrics !== "off") {
    const { formatMetrics } = await import("./format-metrics.ts");
    (await openNote()).countSavings();
    log.print(formatMetrics(config.metrics, counters));
  }
  if (end.how === "close") stdout.write(end.answer);
}

/** Runs `open` with the first call, and never again. */
function lazily<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}

/** Shown while go waits at the end. */
function uploadProgress(counters: Counters): Progress {
  return { stage: "go-cache-plugin: uploading", done: counters.get("put_remote_bytes"), unit: "bytes" };
}

function pruneAll(roots: (string | undefined)[], config: Config): void {
  for (const root of roots) if (root !== undefined) pruneNow(root, config);
}

/** Files in use can't be pruned, so a limit that is too small for them has no effect. */
function warnIfTooLarge(config: Config, log: Logger, root: string): void {
  const keptBytes = bytesAfterLastPrune(root);
  if (config.maxSizeBytes === 0 || keptBytes <= config.maxSizeBytes) return;
  log.warn(
    "size",
    `${root} holds ${keptBytes} bytes that were used within six hours, above --max-size=${config.maxSizeBytes}`,
  );
}
