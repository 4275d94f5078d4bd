import { formatByteSize } from "../../../lib/text/byte-size.ts";
import { formatCount, formatSpan } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { gaugeOf, type StatusReport } from "../report.ts";
import { factList } from "./pieces.ts";

/** Disk use of the cache directory, and resources of the process. */
export function machineSection(report: StatusReport): Markup {
  const { cacheDir, maxSizeBytes } = report;
  const gauge = (name: string) => gaugeOf(report, name) ?? 0;
  const [kept, size, free] = [gauge("cache_kept_bytes"), gauge("disk_size_bytes"), gauge("disk_free_bytes")];
  const limit = maxSizeBytes === 0 ? "" : `of ${formatByteSize(maxSizeBytes)}, `;
  return factList([
    ["Directory", html`<span class="path">${cacheDir}</span>`],
    [
      "Cache",
      kept === 0
        ? "not measured yet"
        : html`${formatByteSize(kept)}<span class="sub">${limit}when last pruned</span>${maxSizeBytes === 0 ? undefined : bar(kept / maxSizeBytes)}`,
    ],
    [
      "Disk in use",
      html`${formatByteSize(size - free)}<span class="sub">of ${formatByteSize(size)}</span>${bar((size - free) / size)}`,
    ],
    ["Memory", formatByteSize(gauge("process_resident_memory_bytes"))],
    ["Processor time", formatSpan(gauge("process_cpu_seconds") * 1000)],
    ["Open descriptors", formatCount(gauge("process_open_fds"))],
  ]);
}

/** Hidden from screen readers: the text next to it says the same. */
function bar(part: number): Markup {
  const width = Math.min(100, Math.max(0, Math.round(1000 * part) / 10)) || 0;
  return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-whole" width="100" height="1"/><rect class="bar-part" width="${width}" height="1"/></svg>`;
}
