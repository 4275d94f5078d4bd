/** Times of single operations: a histogram and its quantiles in a row. */
import type { TimeDistribution } from "../../metrics.ts";
import { formatCount, formatSeconds } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import type { StatusReport } from "../report.ts";

/** In the order of the table. Other operations come after these, with their own names. */
const NAMES: Readonly<Record<string, string>> = {
  get_remote_hit: "Lookup, found",
  get_remote_miss: "Lookup, not found",
  s3_get: "S3 GET",
  s3_put: "S3 PUT",
  s3_list: "S3 LIST",
  s3_head: "S3 HEAD",
  s3_delete: "S3 DELETE",
};

const HEIGHT = 24;
const BAR_PART = 0.84;

export function waitingTimes({ times }: StatusReport): Markup {
  if (times.length === 0) return html`<p class="empty">No request was sent to the bucket yet.</p>`;
  const sorted = times.toSorted((a, b) => place(a) - place(b));
  return html`<table class="times"><caption class="unseen">Waiting times by operation</caption>
<thead><tr><th scope="col">Operation</th><th scope="col" class="spread"><span class="unseen">Distribution</span>${axis(times[0])}</th><th scope="col" class="number">Count</th><th scope="col" class="number">Median</th><th scope="col" class="number">95 %</th></tr></thead>
<tbody>${sorted.map(row)}</tbody></table>
<p class="empty">Lookups as go waits for them, S3 to the first byte. Quantiles are estimates within the drawn steps.</p>`;
}

function place({ operation }: TimeDistribution): number {
  const names = Object.keys(NAMES);
  return operation in NAMES ? names.indexOf(operation) : names.length;
}

function row(times: TimeDistribution): Markup {
  const name = NAMES[times.operation] ?? times.operation;
  return html`<tr><th scope="row">${name}</th><td class="spread">${histogram(times)}</td><td class="number">${formatCount(times.count)}</td>
<td class="number">${quantile(times, 0.5)}</td><td class="number">${quantile(times, 0.95)}</td></tr>`;
}

/** Labels of the powers of ten, each at the end of its bar. */
function axis(times: TimeDistribution | undefined): Markup {
  const bounds = times?.buckets.map(({ upToSeconds }) => upToSeconds) ?? [];
  const labels = bounds.map(
    (bound) => html`<span>${Number.isInteger(Math.log10(bound)) ? formatSeconds(bound) : ""}</span>`,
  );
  return html`<span class="time-steps" aria-hidden="true">${labels}</span>`;
}

function histogram({ buckets }: TimeDistribution): Markup {
  const most = Math.max(1, ...buckets.map(({ count }) => count));
  const bars = buckets.map(({ count }, index) => {
    const height = count === 0 ? 0 : Math.max(1, (HEIGHT * count) / most);
    return html`<rect x="${index + (1 - BAR_PART) / 2}" y="${HEIGHT - height}" width="${BAR_PART}" height="${height}"/>`;
  });
  return html`<svg class="histogram" viewBox="0 0 ${buckets.length} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${describe(buckets)}">
<path class="grid" d="M0 ${HEIGHT}H${buckets.length}"/>${bars}</svg>`;
}

function describe(buckets: TimeDistribution["buckets"]): string {
  const filled = buckets.map(({ count, upToSeconds }, index) => {
    const lower = buckets[index - 1]?.upToSeconds ?? 0;
    const limit = Number.isFinite(upToSeconds)
      ? `up to ${formatSeconds(upToSeconds)}`
      : `over ${formatSeconds(lower)}`;
    return count === 0 ? "" : `${limit}: ${formatCount(count)}`;
  });
  return filled.filter(Boolean).join(", ");
}

/** Like Prometheus's histogram_quantile: linear within a bucket. */
function quantile({ buckets, count }: TimeDistribution, part: number): string {
  let below = 0;
  let lower = 0;
  for (const bucket of buckets) {
    if (below + bucket.count >= part * count && bucket.count > 0) {
      if (!Number.isFinite(bucket.upToSeconds)) return `over ${formatSeconds(lower)}`;
      return formatSeconds(lower + ((bucket.upToSeconds - lower) * (part * count - below)) / bucket.count);
    }
    below += bucket.count;
    lower = bucket.upToSeconds;
  }
  return "–";
}
