/** How far away the bucket is, and how much it transfers. */

import { randomBytes } from "node:crypto";
import { Deadline } from "../../../lib/async/deadline.ts";
import { formatByteSize } from "../../../lib/text/byte-size.ts";
import { PackedKeys } from "../../../remote/packed/format/keys.ts";
import type { ListedObject, ObjectStore } from "../../../store/object-store.ts";
import type { Finding } from "../check.ts";
import { type Bucket, readWhole } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { get } from "./objects.ts";

const ROUND_TRIPS = 7;
/** No more are begun after this time. */
const ENOUGH_MS = 2_000;
/** Above this, even a burst of a dozen requests is felt. */
const FAR_MS = 500;

/** How long the bucket takes to answer, over a connection that is open. */
export const latency = bucketCheck({
  name: "latency",
  needs: [get],
  permission: "s3:GetObject",
  run: async ({ store, probe, probeKey, sample, config }, signal) => {
    const key = probe === undefined ? (sample?.key ?? probeKey) : probeKey;
    // A missing object has no ranges.
    const isThere = probe !== undefined || sample !== undefined;
    const range = isThere ? { range: { offset: 0, length: 1 } } : {};
    const tripsMs: number[] = [];
    const firstMs = performance.now();
    while (tripsMs.length < ROUND_TRIPS && performance.now() - firstMs < ENOUGH_MS) {
      const startedMs = performance.now();
      await readWhole(await store.get(key, { ...range, signal }));
      tripsMs.push(performance.now() - startedMs);
    }
    const sortedMs = tripsMs.toSorted((a, b) => a - b);
    return [judgeLatency(sortedMs, config.layout)];
  },
});

function judgeLatency(sortedMs: number[], layout: string): Finding {
  const medianMs = sortedMs[Math.floor(sortedMs.length / 2)] ?? 0;
  const slowestMs = sortedMs.at(-1) ?? 0;
  const message = `${medianMs.toFixed(1)} ms, the median of ${sortedMs.length} round trips (slowest ${slowestMs.toFixed(1)} ms)`;
  const data = { medianMs, slowestMs };
  if (medianMs > FAR_MS) {
    const remedy = "use a bucket nearer to this machine";
    return { severity: "warning", message: `${message}: far away`, remedy, data };
  }
  const isFelt = layout === "split" && medianMs > 10;
  if (!isFelt) return { severity: "ok", message, data };
  const remedy = "--layout=packed, or both while older tools use the bucket";
  return {
    severity: "note",
    message: `${message}; the split layout needs one or two for each lookup`,
    remedy,
    data,
  };
}

const SAMPLE_BYTES = 4 << 20;
/** A smaller object says nothing about throughput. */
const LEAST_BYTES = 256 << 10;
/** Each way. */
const LIMIT_MS = 4_000;
/** Below this, compiling is often faster than fetching. */
const SLOW_BYTES_PER_SECOND = 1e6;

/** The throughput each way, measured with a few megabytes or for a few seconds. */
export const throughput = bucketCheck({
  name: "throughput",
  needs: [get],
  permission: "s3:GetObject",
  run: async (bucket, signal) => {
    const { store, probe, probeKey } = bucket;
    if (probe !== undefined) {
      const up = await upload(bucket, signal);
      if (up === undefined) return [tooSlow("up")];
      return [judgeSpeed(up, await download(store, probeKey, SAMPLE_BYTES, signal))];
    }
    const pack = await findPack(bucket, signal);
    if (pack === undefined) return [];
    const length = Math.min(pack.sizeBytes, SAMPLE_BYTES);
    return [judgeSpeed(undefined, await download(store, pack.key, length, signal))];
  },
});

/** Bytes a second; `undefined`: the upload took too long. */
async function upload(bucket: Bucket, signal: AbortSignal): Promise<number | undefined> {
  // Random, so that no proxy can compress it.
  const body = randomBytes(SAMPLE_BYTES);
  using limit = new Deadline(LIMIT_MS, signal);
  const startedMs = performance.now();
  try {
    await bucket.store.put(bucket.probeKey, body, { signal: limit.signal });
  } catch (error) {
    if (limit.signal.aborted && !signal.aborted) return undefined;
    throw error;
  }
  bucket.probe = body;
  return perSecond(body.length, startedMs);
}

async function download(
  store: ObjectStore,
  key: string,
  length: number,
  signal: AbortSignal,
): Promise<number> {
  using limit = new Deadline(LIMIT_MS, signal);
  const startedMs = performance.now();
  let count = 0;
  try {
    const object = await store.get(key, { range: { offset: 0, length }, signal: limit.signal });
    for await (const chunk of object?.body ?? []) count += chunk.length;
  } catch (error) {
    if (!limit.signal.aborted || signal.aborted) throw error;
  }
  return perSecond(count, startedMs);
}

/** The largest of a few packs, to read where nothing may be written. */
async function findPack({ store, config }: Bucket, signal: AbortSignal): Promise<ListedObject | undefined> {
  const folder = `${new PackedKeys(config.prefix).root}pack/`;
  for await (const { objects } of store.list(folder, { pageSize: 100, signal })) {
    return objects
      .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
      .find(({ sizeBytes }) => sizeBytes >= LEAST_BYTES);
  }
  return undefined;
}

function perSecond(bytes: number, startedMs: number): number {
  return (bytes * 1000) / Math.max(1, performance.now() - startedMs);
}

/** `up`: not measured where nothing may be written. */
function judgeSpeed(up: number | undefined, down: number): Finding {
  const upText = up === undefined ? "" : `, ${formatSpeed(up)} up`;
  const message = `${formatSpeed(down)} down${upText}, over one connection`;
  const data = { downBytesPerSecond: Math.round(down), upBytesPerSecond: up && Math.round(up) };
  if (down >= SLOW_BYTES_PER_SECOND) return { severity: "ok", message, data };
  return { ...tooSlow("down"), message: `${message}: fetching may take longer than compiling`, data };
}

function formatSpeed(bytesPerSecond: number): string {
  return `${formatByteSize(Math.round(bytesPerSecond))}/s`;
}

function tooSlow(way: string): Finding {
  return {
    severity: "warning",
    message: `less than ${formatSpeed((SAMPLE_BYTES * 1000) / LIMIT_MS)} ${way}: fetching may take longer than compiling`,
    remedy: "use a bucket nearer to this machine",
  };
}
