/**
 * Who collects garbage, and when it was last done, by the times of two objects and the store's clock:
 *
 *     gc/lease.json       written before a stretch begins, and while it goes on
 *     gc/finished.json    written when a round has ended, and by the first machine of a new bucket
 *
 * Both are `{"version":1}`; the lease also has a random text, so that its etag changes. Without conditional writes two
 * collectors may begin at once, which only costs time.
 */
import { Deadline } from "../../../lib/async/deadline.ts";
import type { ListedObject, PutOptions } from "../../../store/object-store.ts";
import type { StoreOptions } from "../../patient-store.ts";
import { PackedBucket } from "../bucket/packed-bucket.ts";

/** A stretch that writes nothing for this long has died. */
const LEASE_MS = 5 * 60_000;
const ROUND_MS = 24 * 3_600_000;
const PUT_MS = 60_000;

/** When garbage was collected; times by the store's clock, in ms. */
export interface GcStatus {
  /** When the last round ended; `undefined`: none has. */
  finishedMs: number | undefined;
  /** When a stretch began, or last said that it goes on. */
  activeMs: number | undefined;
  /** Whether a round has begun that has not ended. */
  isUnfinished: boolean;
  nowMs: number;
}

/** One listing. Rejects if it fails. */
export async function readGcStatus(options: StoreOptions): Promise<GcStatus> {
  return (await find(new PackedBucket(options))).status;
}

/** Whether somebody should begin a stretch: a day after the last round, or when an unfinished one has lost its holder. */
export function isStretchDue({ finishedMs, activeMs, isUnfinished, nowMs }: GcStatus): boolean {
  // A time that is far in the future is of a wrong clock.
  const isPast = (ms: number | undefined, limitMs: number) =>
    ms === undefined || Math.abs(nowMs - ms) >= limitMs;
  return isPast(activeMs, LEASE_MS) && (isUnfinished || isPast(finishedMs, ROUND_MS));
}

/**
 * Takes the lease if a stretch is due; returns whether it did, and what it found. The first round of a new bucket is due
 * a day after the first call: there is nothing to collect yet. Rejects if a request fails.
 */
export async function takeLease(options: StoreOptions): Promise<{ isTaken: boolean; status: GcStatus }> {
  const bucket = new PackedBucket(options);
  const { status, lease } = await find(bucket);
  if (!isStretchDue(status)) return { isTaken: false, status };
  using deadline = new Deadline(PUT_MS, options.signal);
  if (status.activeMs === undefined && status.finishedMs === undefined) {
    await noteFinished(bucket);
    return { isTaken: false, status };
  }
  const onlyIf: PutOptions["onlyIf"] = lease === undefined ? "absent" : { etag: lease.etag };
  const put = { onlyIf, signal: deadline.signal };
  const result = await options.store.put(leaseKey(bucket), leaseBytes(), put);
  return { isTaken: result === "stored", status };
}

/** Takes the lease, or keeps it, whoever holds it. */
export async function writeLease(bucket: PackedBucket): Promise<void> {
  await bucket.write(leaseKey(bucket), leaseBytes());
}

export async function noteFinished(bucket: PackedBucket): Promise<void> {
  await bucket.write(finishedKey(bucket), toBytes({ version: 1 }));
}

async function find(bucket: PackedBucket): Promise<{ status: GcStatus; lease: ListedObject | undefined }> {
  const found = new Map<string, ListedObject>();
  let nowMs = 0;
  for await (const { objects, serverTimeMs } of bucket.list(`${bucket.keys.root}gc/`)) {
    for (const object of objects) found.set(object.key, object);
    nowMs = serverTimeMs;
  }
  const lease = found.get(leaseKey(bucket));
  const finishedMs = found.get(finishedKey(bucket))?.modifiedMs;
  const activeMs = lease?.modifiedMs;
  const isUnfinished = activeMs !== undefined && (finishedMs === undefined || activeMs > finishedMs);
  return { status: { finishedMs, activeMs, isUnfinished, nowMs }, lease };
}

function leaseKey({ keys }: PackedBucket): string {
  return `${keys.root}gc/lease.json`;
}

function finishedKey({ keys }: PackedBucket): string {
  return `${keys.root}gc/finished.json`;
}

function leaseBytes(): Uint8Array {
  return toBytes({ version: 1, holder: crypto.randomUUID() });
}

function toBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}
