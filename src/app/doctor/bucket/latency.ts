import type { Finding } from "../check.ts";
import { readWhole } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { get } from "./get.ts";

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
    // Of what is not there nothing can be asked for a part of.
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
    return [judge(sortedMs, config.layout)];
  },
});

function judge(sortedMs: number[], layout: string): Finding {
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
    message: `${message}; the split layout takes one or two for each look-up`,
    remedy,
    data,
  };
}
