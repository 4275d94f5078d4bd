/** Collections of garbage, as the product's daily one begins them, and by hand. */
import { collectGarbage } from "../../src/remote/packed/gc/collect.ts";
import { takeLease } from "../../src/remote/packed/gc/lease.ts";
import type { GcReport } from "../../src/remote/packed/gc/report.ts";
import { ClientStore, PREFIX } from "./bucket.ts";
import { DAY_MS, MINUTE_MS } from "./scenario.ts";
import type { World } from "./world.ts";

const OLDER_THAN_MS = 14 * DAY_MS;
const RETRY_MS = 5 * MINUTE_MS;
/** A stretch may end this much later: what it has begun, and its last look at the records. */
const LATE_MS = 30_000;

/** The shared record is made of so many records and segments at most. */
const SHARED_READS = 100;

/** What collections have cost. */
export interface GcCost {
  stretches: number;
  finished: number;
  requests: number;
  /** Records and segments that were read. */
  reads: number;
  /** The longest stretch. */
  longestMs: number;
  /** Records and segments that had been written when the last stretch began that came to the end of its round. */
  knownWrites: number;
}

/** A machine looks whether a collection is due, and goes on with it every few minutes. */
export async function collectAsMachine(world: World, cost: GcCost): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const client = newClient(world);
    const store = new ClientStore(world.bucket, client);
    const { isTaken, status } = await takeLease({ store, prefix: PREFIX }).catch(() => NOT_TAKEN);
    if (!isTaken && !status.isUnfinished) return;
    const report = isTaken ? await stretch(world, client, cost, true) : undefined;
    if (report?.isFinished === true) return;
    await world.timeline.sleep(RETRY_MS * (1 + world.random()));
  }
}

export async function collectByHand(world: World, cost: GcCost): Promise<void> {
  await stretch(world, newClient(world), cost, false);
}

const NOT_TAKEN = { isTaken: false, status: { isUnfinished: true } };

function newClient(world: World) {
  const { dying } = world.scenario.gc;
  const diesAt = world.chance(dying) ? Math.ceil(80 * world.random()) : Number.POSITIVE_INFINITY;
  const isSteady = world.scenario.troubles.stuck === 0;
  return world.client("gc", { diesAt, ...(isSteady ? { latency: world.usualLatency } : {}) });
}

async function stretch(
  world: World,
  client: ReturnType<typeof newClient>,
  cost: GcCost,
  hasLease: boolean,
): Promise<GcReport | undefined> {
  const { timeline, scenario } = world;
  const { limitMs } = scenario.gc;
  const beganMs = timeline.nowMs;
  const writes = writesOf(world);
  const report = await collectGarbage({
    store: new ClientStore(world.bucket, client),
    prefix: PREFIX,
    olderThanMs: OLDER_THAN_MS,
    dryRun: false,
    hasLease,
    elapsedMs: () => timeline.nowMs,
    limitMs: hasLease ? limitMs : undefined,
  }).catch(() => undefined);
  const tookMs = timeline.nowMs - beganMs;
  const maxReads = writesOf(world) - cost.knownWrites + SHARED_READS;
  if (client.reads > maxReads) world.break(`a stretch read ${client.reads} records, of ${maxReads} new ones`);
  if (report?.isFinished === true) cost.knownWrites = Math.max(cost.knownWrites, writes);
  cost.stretches++;
  cost.finished += Number(report?.isFinished === true);
  cost.requests += client.requests;
  cost.reads += client.reads;
  cost.longestMs = Math.max(cost.longestMs, tookMs);
  const isBounded = hasLease && limitMs !== undefined && scenario.troubles.stuck === 0;
  if (isBounded && tookMs > limitMs + LATE_MS) world.break(`a stretch took ${tookMs} ms`);
  for (const { key, reason } of report?.unreadable ?? []) world.break(`gc can't read ${key}: ${reason}`);
  return report;
}

function writesOf({ bucket }: World): number {
  const { run, head, new: additions, shared, segment } = bucket.puts;
  return run + head + additions + shared + segment;
}
