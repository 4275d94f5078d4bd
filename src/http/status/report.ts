import type { GaugeValue, TimeDistribution } from "../metrics.ts";
import type { HistoryRange } from "./look-up-history.ts";
import type { LookUps } from "./look-ups.ts";

/** All that the status page shows: what `/metrics` is made from, and what has no number. Times are ms since 1970. */
export interface StatusReport {
  /** Of the program, in one line. */
  version: string;
  host: string;
  pid: number;
  nowMs: number;
  startedMs: number;
  cacheDir: string;
  /** What the cache directory is kept below; 0: no limit. */
  maxSizeBytes: number;
  bucket: BucketReport | undefined;
  /** Where go connects; `undefined`: no go commands are served. */
  pluginAddress: string | undefined;
  sessions: SessionReport[];
  scopes: ScopeReport[];
  history: { range: HistoryRange; steps: LookUps[] };
  times: TimeDistribution[];
  counters: Readonly<Record<string, number>>;
  gauges: readonly GaugeValue[];
  /** Whether there are modules at `/mod/`. */
  hasModules: boolean;
  /** `undefined`: there is no forward proxy. */
  proxiedHosts: readonly string[] | undefined;
}

export interface BucketReport {
  name: string;
  layout: string;
  readOnly: boolean;
  /** Since it does not answer; `undefined`: it is asked as usual. */
  reads: { probeAtMs: number } | undefined;
  writes: { probeAtMs: number } | undefined;
  /** Why one of them is left alone. */
  trouble: string | undefined;
}

/** Whose work something is, as far as that is known. */
export interface ScopeName {
  project: string;
  branch: string;
  job: string;
  platform: string;
}

/** A connection of a go command that has asked for something. */
export interface SessionReport {
  scope: ScopeName;
  kind: "link" | "bridge";
  startedMs: number;
  lookUps: LookUps;
  puts: number;
}

/** What is in memory of one scope. */
export interface ScopeReport {
  scope: ScopeName;
  sessions: number;
  /** Since the last session; 0 while there is one. */
  idleMs: number;
  /** Entries that are not in the bucket yet. */
  waiting: number;
}

/** The gauge of that name, and of that label if it has one; `undefined`: there is none. */
export function gaugeOf({ gauges }: StatusReport, name: string, label?: string): number | undefined {
  return gauges.find((gauge) => gauge.name === name && Object.values(gauge.labels ?? {})[0] === label)?.value;
}
