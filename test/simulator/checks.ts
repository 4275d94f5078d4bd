/** What must hold, whatever happens. */

import { PackedKeys } from "../../src/remote/packed/format/keys.ts";
import { MAX_RECORD_BYTES } from "../../src/remote/packed/format/run-record.ts";
import type { RecordSource } from "../../src/remote/packed/index/record-source.ts";
import { listedRuns } from "../../src/remote/runs/choose-runs.ts";
import { firstPage } from "../../src/remote/runs/list-runs.ts";
import { parseRunName } from "../../src/remote/runs/run-names.ts";
import { ClientStore, PREFIX } from "./bucket.ts";
import { Disk } from "./disk.ts";
import { DAY_MS } from "./scenario.ts";
import { Session } from "./session.ts";
import type { Action } from "./sources.ts";
import { type CompleteRun, HALF, type Job, type World } from "./world.ts";

const LIVING_MS = 13 * DAY_MS;
const MAX_RUNS = 8;
const keys = new PackedKeys(PREFIX);

/** A new machine finds every entry of the job's newest complete run. */
export async function checkJob(world: World, job: Job): Promise<void> {
  const { bucket, timeline } = world;
  const complete = newestOf(world, job);
  if (complete === undefined || timeline.nowMs - complete.endedMs > LIVING_MS || job.branch.isClosed) return;
  const isDoubtful = [...job.active].some(({ share }) => share > HALF);
  if (isDoubtful || job.doubtfulMs >= msOf(world, complete)) return;
  // What rules have removed is found again after a run that needed all of it from the bucket.
  const isHealed = complete.isFresh && complete.beganMs > bucket.ruledMs;
  if (bucket.ruledMs > 0 && !isHealed) return;
  const { source } = new Session({
    bucket,
    store: new ClientStore(bucket, world.observer),
    disk: new Disk(),
    scope: world.scopeOf(job, "check"),
    machine: "check",
    skewMs: 0,
    maxInlineRows: world.scenario.maxInlineRows,
    isShared: false,
  });
  await source.refreshNow();
  const missing = complete.actions.filter(({ actionId }) => !isFound(world, source, actionId));
  if (missing.length === 0 || mayHeal(world, job, complete, missing)) return;
  const of = `${missing.length} of ${complete.actions.length} entries of run ${complete.run}`;
  world.break(`${nameOf(job)}: ${of} are not found; ${await describeRuns(world, job)}`);
}

/**
 * Whether the next run may find or bring back what is missing: rules have removed some of it, and a run may name a pack
 * that it has not looked at. What two runs in a row have missed does not heal.
 */
function mayHeal({ bucket }: World, job: Job, { run, beganMs }: CompleteRun, missing: Action[]): boolean {
  if (bucket.ruledMs === 0) return false;
  const { missed } = job;
  const isNext = missed !== undefined && missed.run !== run && missed.beganMs > bucket.ruledMs;
  if (isNext && missing.some(({ actionId }) => missed.actions.has(actionId))) return false;
  job.missed = { run, beganMs, actions: new Set(missing.map(({ actionId }) => actionId)) };
  return true;
}

/** Whether one of the first two packs with the action's output is there: a reader tries no more. */
function isFound(world: World, { index }: RecordSource, actionId: string): boolean {
  for (let tries = 0; tries < 2; tries++) {
    const id = index.find(actionId)?.entry.place?.pack.id;
    if (id === undefined) return false;
    if (world.bucket.names.hasObject(id)) return true;
    index.distrustedPacks.add(id);
  }
  return false;
}

/** The runs of a job are few after one that nothing disturbed. */
export async function checkRecords(world: World, job: Job): Promise<void> {
  const count = new Set(recordsOf(world, job).map((key) => parseRunName(key)?.run)).size;
  if (count > MAX_RUNS) world.break(`${nameOf(job)} has ${count} runs: ${await describeRuns(world, job)}`);
}

export function recordsOf(world: World, job: Job): string[] {
  return world.bucket.store.keys(keys.runs(world.scopeOf(job, "")));
}

function newestOf(world: World, { complete }: Job): CompleteRun | undefined {
  return complete.toSorted((a, b) => msOf(world, a) - msOf(world, b)).at(-1);
}

function msOf(world: World, { run, endedMs }: CompleteRun): number {
  return world.writtenMs.get(run) ?? endedMs;
}

function nameOf({ project, branch, name }: Job): string {
  return `${project.name} ${branch.name} ${name}`;
}

/** The runs of a job, the last written first: name, entries of its records, and whether it counts as complete. */
async function describeRuns(world: World, job: Job): Promise<string> {
  const page = await firstPage(
    new ClientStore(world.bucket, world.observer),
    keys.runs(world.scopeOf(job, "")),
    100,
  );
  const runs = listedRuns(page.objects, MAX_RECORD_BYTES).map(({ records, isComplete }) => {
    const names = new Set(records.map(({ key }) => parseRunName(key)?.run));
    const sizes = records.map(({ key }) => parseRunName(key)?.entries);
    return `${[...names]}: ${sizes.join("+")}${isComplete ? ", complete" : ""}`;
  });
  return `runs ${runs.join("; ")}`;
}
