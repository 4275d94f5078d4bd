import { formatByteSize } from "../../../lib/text/byte-size.ts";
import { formatAmount, formatCount, formatSpan } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { gaugeOf, type StatusReport } from "../report.ts";
import { factList } from "./pieces.ts";

/** Whether the bucket answers, and the upload queue. */
export function bucketSection(report: StatusReport): Markup {
  const { bucket, counters, nowMs } = report;
  if (bucket === undefined) {
    return html`<p class="empty">None. Start the server with <code>--bucket</code> to share what is built.</p>`;
  }
  const bytes = (name: string) => formatByteSize(gaugeOf(report, name) ?? 0);
  const failed = (counters.get_remote_error ?? 0) + (counters.put_remote_error ?? 0);
  return factList([
    [
      "Name",
      html`${bucket.name}<span class="sub">${bucket.layout}${bucket.readOnly ? ", read only" : ""}</span>`,
    ],
    ["Reads", side(bucket.reads, nowMs)],
    ["Writes", side(bucket.writes, nowMs)],
    ["Upload queue", queue(report)],
    ["In transit", `${bytes("uploading_bytes")} up, ${bytes("fetching_bytes")} down`],
    ["Objects stored", formatCount(counters.put_remote_object ?? 0)],
    ["Failures", formatCount(failed)],
  ]);
}

function side(open: { probeAtMs: number } | undefined, nowMs: number): Markup {
  if (open === undefined) return html`<span class="light light-good">available</span>`;
  const when =
    open.probeAtMs > nowMs
      ? `probed again in ${formatSpan(open.probeAtMs - nowMs)}`
      : "the next request probes it";
  return html`<span class="light light-bad">suspended</span><span class="sub">${when}</span>`;
}

const PARTS = [
  ["builds", "entry", "entries"],
  ["modules", "module file", "module files"],
  ["downloads", "download", "downloads"],
] as const;

function queue(report: StatusReport): string {
  const waiting = PARTS.map(([part, one, many]) => ({
    value: gaugeOf(report, "upload_queue", part) ?? 0,
    one,
    many,
  }));
  const texts = waiting
    .filter(({ value }) => value > 0)
    .map(({ value, one, many }) => formatAmount(value, one, many));
  return texts.length === 0 ? "empty" : texts.join(", ");
}
