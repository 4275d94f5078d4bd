import type { Counters } from "../lib/counters.ts";
import { peakMemoryBytes } from "../lib/peak-memory.ts";
import type { MakingTimes } from "../remote/making.ts";
import { figuresOf } from "./summary/figures.ts";
import { savedMs } from "./summary/saved-time.ts";
import { summaryLines } from "./summary/summary-text.ts";

/** What `--metrics` prints: lines for people, or all counters as one line of JSON. */
export function formatMetrics(form: "summary" | "json", counters: Counters, making: MakingTimes): string {
  const counts = counters.snapshot();
  const saved = savedMs(counts, making.total());
  const all = saved === undefined ? counts : { ...counts, saved_ms: saved };
  if (form === "json") return JSON.stringify({ ...all, peak_memory_bytes: peakMemoryBytes() });
  return summaryLines(figuresOf(all))
    .map((line) => `go-cache-plugin: ${line}`)
    .join("\n");
}
