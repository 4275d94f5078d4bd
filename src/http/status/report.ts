import type { GaugeValue, TimeDistribution } from "../metrics.ts";
import type { HistoryRange } from "./look-up-history.ts";
import type { LookUps } from "./look-ups.ts";

/** The data of the status page, including that of `/metrics`. Times are ms since 1970. */
export interface StatusReport {
  version: string;
  host: string;
  pid: number;
  nowMs: number;
  startedMs: number;
  cacheDir: string;
  /** Limit of the cache directory; 0: none. */
  maxSizeBytes: number;
  bucket: BucketReport | undefined;
  /** Where go connects; `undefined`: the server serves no go commands. */
  pluginAddress: string | undefined;
  sessions: SessionReport[];
  scopes: ScopeReport[];
  history: { range: HistoryRange; steps: LookUps[] };
  times: TimeDistribution[];
  counters: Readonly<Record<string, number>>;
  gauges: readonly GaugeValue[];
  /** Whether `/mod/` serves modules. */
  hasModules: boolean;
  /** `undefined`: there is no forward proxy. */
  proxiedHosts: readonly string[] | undefined;
}

export interface BucketReport {
  name: string;
  layout: string;
  readOnly: boolean;
  /** The next probe while reads are suspended; `undefined`: they aren't. */
  reads: { probeAtMs: number } | undefined;
  writes: { probeAtMs: number } | undefined;
  /** Why reads or writes are suspended. */
  trouble: string | undefined;
}

export interface ScopeName {
  project: string;
  branch: string;
  job: string;
  platform: string;
}

/** A go command that has sent a request. */
export interface SessionReport {
  scope: ScopeName;
  kind: "link" | "bridge";
  startedMs: number;
  lookUps: LookUps;
  puts: number;
}

/** A scope with an index in memory. */
export interface ScopeReport {
  scope: ScopeName;
  sessions: number;
  /** Time since the last session; 0 during one. */
  idleMs: number;
  /** Entries that wait for their upload. */
  waiting: number;
}

/** The value of the gauge with that name, and that label if it has one. */
export function gaugeOf({ gauges }: StatusReport, name: string, label?: string): number | undefined {
  return gauges.find((gauge) => gauge.name === name && Object.values(gauge.labels ?? {})[0] === label)?.value;
}
