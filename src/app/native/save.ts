/** `save`: uploads what is new in go's own cache directory, and records what this run used. */
import { join } from "node:path";
import type { CacheEntry } from "../../buildcache/entry.ts";
import type { GoCache } from "../../gocache/go-cache.ts";
import { FOLDERS } from "../../gocache/go-folders.ts";
import { usedActions } from "../../gocache/scan.ts";
import type { PackedRemote } from "../../remote/packed/packed-remote.ts";
import { whyForeign, whyOpen } from "../cache-dir/dir-owner.ts";
import type { RunContext } from "../direct.ts";
import { NATIVE_COUNTERS } from "../summary/native-figures.ts";
import { type NativeConfig, NativeJob } from "./native-job.ts";

export interface SaveReport {
  /** Entries that the run used, with the new ones. */
  used: number;
  /** Entries that the bucket lacked. */
  added: number;
  uploadedBytes: number;
  /** Whether all of it is in the bucket. */
  isComplete: boolean;
}

/**
 * `hasEnded`: this machine adds nothing more to the run. Resolves within the drain's limit after the last upload has
 * begun. Rejects when go has no cache directory, or the bucket can't be read.
 */
export async function save(
  config: NativeConfig,
  context: RunContext,
  hasEnded: boolean,
): Promise<SaveReport> {
  using job = new NativeJob(config, context);
  const { counters, path } = job;
  counters.add(NATIVE_COUNTERS.saves);
  const isSigning = config.remote.trust !== undefined;
  const problem = isSigning
    ? (whyForeign(path) ?? whyAnyOpen([path, ...FOLDERS.map((name) => join(path, name))]))
    : undefined;
  if (problem !== undefined) throw new Error(problem);
  const before = isSigning ? job.note.before() : undefined;
  if (isSigning && before === undefined)
    throw new Error("nothing is signed without a restore before, by the same job with the same keys");
  const remote = job.open(false);
  using _line = context.watchProgress(() => ({
    stage: "saving what is new",
    done: counters.get("put_remote_bytes"),
    unit: "bytes",
  }));
  // Otherwise everything would count as new.
  await job.read(remote.readRecords());
  const nowMs = Date.now();
  // A signature says that this run made it, or that a record that counts has it.
  const madeHere = before && { fromMs: job.note.startMs(nowMs), toMs: nowMs, before };
  const count = { used: 0, added: 0 };
  for await (const actions of usedActions(path, job.note.usedSinceMs(nowMs)))
    for (const actionId of actions) pass(actionId, { local: job.local, remote, madeHere }, count);
  const isComplete = await remote.finish(hasEnded);
  if (!isComplete) job.sayWhyUnsaved(remote.uploadFailure);
  job.countUpTo(NATIVE_COUNTERS.used, count.used);
  counters.add(NATIVE_COUNTERS.added, count.added);
  return { ...count, uploadedBytes: counters.get("put_remote_bytes"), isComplete };
}

function whyAnyOpen(dirs: string[]): string | undefined {
  for (const dir of dirs) {
    const problem = whyOpen(dir);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What this run has made: put in that time, and not there before. */
interface MadeHere {
  fromMs: number;
  toMs: number;
  before: ReadonlySet<string>;
}

function isMadeHere({ actionId, putTimeMs }: CacheEntry, { fromMs, toMs, before }: MadeHere): boolean {
  return putTimeMs >= fromMs && putTimeMs <= toMs && !before.has(actionId);
}

/**
 * The remote checks the bytes of what it uploads against their hash. `madeHere`: adds nothing else; `undefined`: adds what is
 * new, whoever made it.
 */
function pass(
  actionId: string,
  { local, remote, madeHere }: { local: GoCache; remote: PackedRemote; madeHere: MadeHere | undefined },
  count: Pick<SaveReport, "used" | "added">,
): void {
  if (remote.knows(actionId)) {
    remote.used(actionId);
    count.used++;
    return;
  }
  const entry = local.get(actionId);
  if (entry === undefined || (madeHere !== undefined && !isMadeHere(entry, madeHere))) return;
  remote.put(entry);
  count.used++;
  count.added++;
}
