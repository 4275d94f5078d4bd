import { HISTORY_RANGES } from "../../../src/http/status/look-up-history.ts";
import type { StatusReport } from "../../../src/http/status/report.ts";

export const NOW_MS = Date.UTC(2026, 0, 31, 12);

/** The report of a server without requests. */
export function reportOf(changes: Partial<StatusReport> = {}): StatusReport {
  const [range] = HISTORY_RANGES;
  return {
    version: "go-cache-plugin 0.1.0",
    host: "builder",
    pid: 4711,
    nowMs: NOW_MS,
    startedMs: NOW_MS - 60_000,
    cacheDir: "/var/cache/go",
    maxSizeBytes: 0,
    bucket: undefined,
    pluginAddress: "127.0.0.1:5930",
    sessions: [],
    scopes: [],
    history: {
      range,
      steps: Array.from({ length: range.steps }, () => ({ local: 0, remote: 0, missed: 0 })),
    },
    times: [],
    counters: {},
    gauges: [],
    hasModules: false,
    proxiedHosts: undefined,
    ...changes,
  };
}

/** The text of the page, on one line. */
export function textOf({ text }: { text: string }): string {
  return text
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replace(/\s+/g, " ")
    .trim();
}
