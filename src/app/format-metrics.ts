import type { Counters } from "../lib/counters.ts";
import { peakMemoryBytes } from "../lib/process/peak-memory.ts";
import { figuresOf } from "./summary/figures.ts";
import { summaryLines } from "./summary/summary-text.ts";

/** The output of `--metrics`: lines for people, or all counters as one line of JSON. */
export function formatMetrics(form: "summary" | "json", counters: Counters): string {
  const counts = counters.snapshot();
  if (form === "json") return JSON.stringify({ ...counts, peak_memory_bytes: peakMemoryBytes() });
  return summaryLines(figuresOf(counts))
    .map((line) => `go-cache-plugin: ${line}`)
    .join("\n");
}
