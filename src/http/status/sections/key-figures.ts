import { formatByteSize } from "../../../lib/text/byte-size.ts";
import { formatAmount, formatCount, formatRatio } from "../figures.ts";
import { countLookUps, hitRatio, totalOf } from "../look-ups.ts";
import { html, type Markup } from "../markup.ts";
import { gaugeOf, type StatusReport } from "../report.ts";

/** The most important numbers since the server's start. */
export function keyFigures(report: StatusReport): Markup {
  const { counters } = report;
  const count = (name: string) => counters[name] ?? 0;
  const lookUps = countLookUps(counters);
  const hits = lookUps.local + lookUps.remote;
  const sessions = gaugeOf(report, "sessions", "link") ?? 0;
  const bridges = gaugeOf(report, "sessions", "bridge") ?? 0;
  const [free, size] = [gaugeOf(report, "disk_free_bytes") ?? 0, gaugeOf(report, "disk_size_bytes") ?? 0];
  // A directory as the bucket has no S3 counters; those of packs count for both.
  const received = counters.s3_bytes_received ?? count("prefetch_bytes");
  const sent = counters.s3_bytes_sent ?? count("put_remote_bytes");
  return html`<dl class="figures">
${figure("Hit ratio", formatRatio(hitRatio(lookUps)), `${formatCount(hits)} of ${formatCount(totalOf(lookUps))}`)}
${figure("Live sessions", formatCount(sessions + bridges), `${formatCount(count("sessions"))} since the start`)}
${figure("From the bucket", formatByteSize(received), formatAmount(lookUps.remote, "entry", "entries"))}
${figure("To the bucket", formatByteSize(sent), `${formatCount(waiting(report))} waiting`)}
${figure("Disk free", formatByteSize(free), `of ${formatByteSize(size)}`)}
${figure("S3 requests", formatCount(count("s3_requests")), formatAmount(count("s3_retries"), "retry", "retries"))}
</dl>`;
}

function figure(name: string, value: string, note: string): Markup {
  return html`<div><dt>${name}</dt><dd class="value">${value}</dd><dd class="note">${note}</dd></div>`;
}

function waiting(report: StatusReport): number {
  const parts = ["builds", "modules", "downloads"].map((part) => gaugeOf(report, "upload_queue", part) ?? 0);
  return parts.reduce((sum, value) => sum + value, 0);
}
