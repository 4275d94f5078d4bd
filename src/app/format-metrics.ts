import type { Counters } from "../lib/counters.ts";
import { peakMemoryBytes } from "../lib/peak-memory.ts";

/** What `--metrics` prints. */
export function formatMetrics(counters: Counters): string {
  return JSON.stringify({ ...counters.snapshot(), peak_memory_bytes: peakMemoryBytes() });
}
