/** `save`: uploads what is new in go's own directories and in the caches of linters, and records what this run used. */
import { join } from "node:path";
import type { CacheEntry } from "../../buildcache/entry.ts";
import { isTestResult } from "../../buildcache/test-results.ts";
import type { GoCache } from "../../gocache/go-cache.ts";
import { FOLDERS } from "../../gocache/go-folders.ts";
import { usedActions } from "../../gocache/scan.ts";
import type { PackedRemote } from "../../remote/packed/packed-remote.ts";
import { whyForeign, whyOpen } from "../cache-dir/dir-owner.ts";
import type { RunContext } from "../direct.ts";
import { NATIVE_COUNTERS } from "../summary/native-figures.ts";
import { DrainLimit } from "./drain-limit.ts";
import type { CacheChoice } from "./native-caches.ts";
import { type NativeConfig, NativeJob } from "./native-job.ts";
import type { NativePart } from "./native-part.ts";
import { orSay } from "./or-say.ts";
import type { SaveReport } from "./reports.ts";

const NOTHING = "nothing was saved";

export interface SaveOptions extends CacheChoice {
  /** This machine adds nothing more to the run. */
  hasEnded: boolean;
}

/**
 * Reports go's own cache, and others that the run used. Resolves within the drain's limit after the last upload has begun.
 * Never rejects: a failure is one line.
 */
export async function save(
  config: NativeConfig,
  context: RunContext,
  { hasEnded, onSaved, ...choice }: SaveOptions & { onSaved: (report: SaveReport) => void },
): Promise<void> {
  await orSay(context, NOTHING, async () => {
    using job = new NativeJob(config, context, choice);
    job.openParts();
    const { counters } = job;
    counters.add(NATIVE_COUNTERS.saves);
    using _line = context.watchProgress(() => ({
      stage: "saving what is new",
      done: counters.get("put_remote_bytes"),
      unit: "bytes",
    }));
    const drain = new DrainLimit(config.drainTimeoutMs);
    const isSigning = config.remote.trust !== undefined;
    // One at a time, since each buffers packs.
    for (const part of job.parts)
      await orSay(context, NOTHING, async () => {
        if (part.isOptional && !(await isUsed(part))) return;
        onSaved(await savePart(part, { hasEnded, isSigning, drain }));
      });
    await orSay(context, NOTHING, async () => {
      const report = await job.modules?.save(hasEnded, drain);
      if (report !== undefined) onSaved(report);
    });
  });
}

async function isUsed({ cache, note }: NativePart): Promise<boolean> {
  for await (const actions of usedActions(cache.path, note.usedSinceMs(Date.now())))
    if (actions.length > 0) return true;
  return false;
}

async function savePart(
  part: NativePart,
  { hasEnded, isSigning, drain }: { hasEnded: boolean; isSigning: boolean; drain: DrainLimit },
): Promise<SaveReport> {
  const { bucket, cache, local, note } = part;
  const before = isSigning ? actionsBefore(part) : undefined;
  const remote = bucket.open(local, { readOnly: false, drainTimeoutMs: drain.leftMs });
  // Otherwise everything would count as new.
  await bucket.read(remote.readRecords());
  const nowMs = Date.now();
  // A signature says that this run made it, or that a record that counts has it.
  const madeHere = before && { fromMs: note.startMs(nowMs), toMs: nowMs, before };
  const { sharesTestResults } = bucket;
  const count = { used: 0, added: 0 };
  for await (const actions of usedActions(cache.path, note.usedSinceMs(nowMs)))
    for (const actionId of actions) pass(actionId, { local, remote, madeHere, sharesTestResults }, count);
  return await bucket.finish(remote, count, { hasEnded, drain });
}

/** What lay there before the run. Throws if others can write there, or nobody has noted it: then nothing is signed. */
function actionsBefore({ cache: { path }, note }: NativePart): ReadonlySet<string> {
  const problem = whyForeign(path) ?? whyAnyOpen([path, ...FOLDERS.map((name) => join(path, name))]);
  if (problem !== undefined) throw new Error(problem);
  const before = note.before();
  if (before === undefined)
    throw new Error("nothing is signed without a restore before, by the same job with the same keys");
  return before;
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

interface PassOptions {
  local: GoCache;
  remote: PackedRemote;
  /** Adds nothing else; `undefined`: adds what is new, whoever made it. */
  madeHere: MadeHere | undefined;
  sharesTestResults: boolean;
}

/** The remote checks the bytes of what it uploads against their hash. */
function pass(
  actionId: string,
  { local, remote, madeHere, sharesTestResults }: PassOptions,
  count: Pick<SaveReport, "used" | "added">,
): void {
  if (remote.knows(actionId)) {
    remote.used(actionId);
    count.used++;
    return;
  }
  const entry = local.get(actionId);
  if (entry === undefined || (madeHere !== undefined && !isMadeHere(entry, madeHere))) return;
  if (!sharesTestResults && isTestResult(entry)) return;
  remote.put(entry);
  count.used++;
  count.added++;
}
