/** Runs of jobs: several machines, each with sessions one after the other, that may end in any way. */

import { parseRunName } from "../../src/remote/runs/run-names.ts";
import { ClientStore } from "./bucket.ts";
import { checkJob, checkRecords, recordsOf } from "./checks.ts";
import { Disk } from "./disk.ts";
import { HOUR_MS, MINUTE_MS } from "./scenario.ts";
import { Session, type SessionOptions } from "./session.ts";
import type { Action } from "./sources.ts";
import { type ActiveRun, HALF, type Job, type KeptMachine, type World } from "./world.ts";

/** A run that ends early has used at most this share of what it needed. */
const EARLY_SHARE = 0.4;
const MAX_ROW = 10;

type Outcome = "complete" | "failed" | "cancelled";

interface MachineResult {
  /** The part of its actions that it has used. */
  share: number;
  isComplete: boolean;
  isFresh: boolean;
  /** No request failed. */
  isCalm: boolean;
}

/** Resolves when its machines have ended. */
export async function runJob(world: World, job: Job): Promise<void> {
  const beganMs = world.timeline.nowMs;
  const run = world.newRun();
  const outcome = drawOutcome(world, job);
  const share = outcome === "complete" ? 1 : EARLY_SHARE * world.random();
  const parts = Array.from({ length: job.machines }, (_, machine) =>
    job.project.needed(job.branch, job.name, machine, job.machines),
  );
  const isAlone = job.active.size === 0;
  const begun = ++job.begun;
  const active = { share: 0 };
  job.active.add(active);
  const results = await Promise.all(
    parts.map((actions, at) => runMachine(world, job, `${run}`, at, { actions, share, outcome, active })),
  );
  job.active.delete(active);
  if (results.every(({ isComplete }) => isComplete)) {
    const isFresh = results.every((result) => result.isFresh);
    const endedMs = world.timeline.nowMs;
    job.complete.push({ run, actions: parts.flat(), beganMs, endedMs, isFresh });
    while (job.complete.length > 6) job.complete.shift();
  } else if (results.some(({ share }) => share > HALF) || isLarge(world, job, run))
    job.doubtfulMs = world.timeline.nowMs;
  if (world.broken !== undefined) return;
  if (isAlone && job.begun === begun && results.every(({ isCalm, isFresh }) => isCalm && isFresh))
    await checkRecords(world, job);
  await checkJob(world, job);
}

/** Whether a run counts as complete, though it is not: machines take up what others have left on their disks. */
function isLarge(world: World, job: Job, run: string): boolean {
  const usual = job.project.needed(job.branch, job.name, 0, job.machines).length;
  return recordsOf(world, job).some((key) => {
    const { run: name, entries = 0 } = parseRunName(key) ?? {};
    return name === run && entries > HALF * usual;
  });
}

function drawOutcome(world: World, job: Job): Outcome {
  const { failed, cancelled, rows } = world.scenario.troubles;
  if (job.failures === 0 && world.chance(rows)) job.failures = Math.ceil(MAX_ROW * world.random());
  if (job.failures > 0) {
    job.failures--;
    return world.chance(0.5) ? "failed" : "cancelled";
  }
  if (world.chance(failed)) return "failed";
  return world.chance(cancelled) ? "cancelled" : "complete";
}

interface Part {
  actions: readonly Action[];
  share: number;
  outcome: Outcome;
  active: ActiveRun;
}

async function runMachine(
  world: World,
  job: Job,
  run: string,
  at: number,
  { actions, share: planned, outcome, active }: Part,
): Promise<MachineResult> {
  const { troubles, maxInlineRows } = world.scenario;
  const { kept, isFresh } = takeMachine(world, `m${run}x${at}`);
  const client = world.client("machine");
  if (world.chance(troubles.dying)) client.diesAt = Math.ceil(40 * world.random());
  const { bucket } = world;
  const { disk, name, skewMs } = kept;
  disk.owner = client;
  const options: SessionOptions = {
    bucket,
    store: new ClientStore(bucket, client),
    disk,
    scope: world.scopeOf(job, run),
    machine: name,
    skewMs,
    maxInlineRows,
    isShared: world.chance(0.3),
  };
  const used = actions.slice(0, Math.ceil(planned * actions.length));
  const progress = (count: number) => {
    active.share = Math.max(active.share, count / actions.length);
  };
  const { isSettled, built } = await runSessions(world, options, { actions: used, outcome, progress });
  // Entries that were only used, and failed to be uploaded, are left to the next run.
  const isSound = !client.isDead && client.failures === 0;
  const isComplete = isSettled && outcome === "complete" && isSound;
  kept.isBusy = false;
  // A machine that has died begins anew with what was on its disk.
  const share = built / actions.length;
  return { share, isComplete, isFresh, isCalm: client.failures === 0 };
}

interface Work extends Pick<Part, "actions" | "outcome"> {
  /** Called before that many actions are used. */
  progress: (count: number) => void;
}

async function runSessions(
  world: World,
  options: SessionOptions,
  { actions, outcome, progress }: Work,
): Promise<{ isSettled: boolean; built: number }> {
  const count = Math.ceil(3 * world.random());
  const size = Math.ceil(actions.length / count);
  let session: Session | undefined;
  let isSettled = true;
  let built = 0;
  for (let at = 0; at < actions.length; at += size) {
    if (session === undefined || !options.isShared) session = new Session(options);
    progress(at + size);
    built += await session.build(actions.slice(at, at + size));
    // What a failed session has put is in the journal; what it has only used is not recorded.
    if (!(await session.close())) isSettled = false;
    if (at + size < actions.length) await world.timeline.sleep(5 * MINUTE_MS * world.random());
  }
  const saysSo = outcome !== "cancelled" && world.chance(0.6);
  if (saysSo) await session?.writer.endRun();
  return { isSettled, built };
}

function takeMachine(world: World, name: string): { kept: KeptMachine; isFresh: boolean } {
  const { kept: share, skewed } = world.scenario.troubles;
  const idle = world.kept.filter(({ isBusy }) => !isBusy);
  const skewMs = world.chance(skewed) ? 12 * HOUR_MS * (world.random() - 0.5) : 0;
  const fresh = { name, disk: new Disk(), skewMs, isBusy: true };
  if (!world.chance(share)) return { kept: fresh, isFresh: true };
  if (idle.length === 0 || world.kept.length < 3) {
    world.kept.push(fresh);
    return { kept: fresh, isFresh: true };
  }
  const kept = world.pick(idle);
  kept.isBusy = true;
  return { kept, isFresh: false };
}
