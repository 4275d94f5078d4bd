import { hostname } from "node:os";
import type { Metrics } from "../../../http/metrics.ts";
import { HISTORY_RANGES, LookUpHistory } from "../../../http/status/look-up-history.ts";
import { countLookUps } from "../../../http/status/look-ups.ts";
import type { BucketReport, SessionReport, StatusReport } from "../../../http/status/report.ts";
import { formatListenAddress } from "../../../lib/network/listen-address.ts";
import type { ServerState } from "../server-state.ts";
import { gauges } from "./gauges.ts";

/** The shortest step of the history: what happens between two notes counts at the later one. */
const NOTE_MS = 5_000;

/** The data of the status page; its numbers are those of `/metrics`. */
export class StatusSource {
  readonly #state: ServerState;
  readonly #metrics: Metrics;
  readonly #history = new LookUpHistory();

  constructor(state: ServerState, metrics: Metrics) {
    this.#state = state;
    this.#metrics = metrics;
    setInterval(() => this.#note(), NOTE_MS).unref();
  }

  /** `range` of the query: the time to show the history of. */
  async read(query: URLSearchParams): Promise<StatusReport> {
    this.#note();
    const { parts, version, startedMs, plugin } = this.#state;
    const { config, root, counters } = parts;
    const nowMs = Date.now();
    const range = this.#range(query.get("range"), nowMs - startedMs);
    return {
      version,
      host: hostname(),
      pid: process.pid,
      nowMs,
      startedMs,
      cacheDir: root,
      maxSizeBytes: config.maxSizeBytes,
      bucket: this.#bucket(),
      pluginAddress: plugin && formatListenAddress(plugin.address),
      sessions: this.#sessions(),
      scopes:
        plugin?.pool?.scopes.map(({ scope, sessions, idleMs, remote }) => {
          return { scope, sessions, idleMs, waiting: remote.waiting };
        }) ?? [],
      history: { range, steps: this.#history.read(range, nowMs) },
      times: await this.#metrics.times(),
      counters: counters.snapshot(),
      gauges: gauges(this.#state),
      hasModules: this.#state.moduleProxy !== undefined,
      proxiedHosts: this.#state.forwardProxy && config.serve.revproxy,
    };
  }

  #note(): void {
    this.#history.note(countLookUps(this.#state.parts.counters.snapshot()), Date.now());
  }

  /** The requested range, or an hour as soon as the uptime exceeds the shortest. */
  #range(name: string | null, uptimeMs: number) {
    const [shortest, hour] = HISTORY_RANGES;
    const requested = HISTORY_RANGES.find((range) => range.name === name);
    return requested ?? (uptimeMs < shortest.steps * shortest.stepMs ? shortest : hour);
  }

  #bucket(): BucketReport | undefined {
    const { config, openStore } = this.#state.parts;
    const { remote } = config;
    const health = openStore()?.health;
    if (remote === undefined || health === undefined) return undefined;
    const { bucket, layout, readOnly } = remote;
    const name = bucket.kind === "directory" ? bucket.path : bucket.bucket;
    const [reads, writes] = [health.reads.open, health.writes.open];
    const trouble = (reads ?? writes) && health.lastFailure;
    return { name, layout, readOnly, reads, writes, trouble };
  }

  #sessions(): SessionReport[] {
    return [...(this.#state.plugin?.connections.all ?? [])].flatMap(
      ({ scope, kind, startedMs, counters }) => {
        if (scope === undefined || kind === "silent") return [];
        return {
          scope,
          kind,
          startedMs,
          lookUps: countLookUps(counters.snapshot()),
          puts: counters.get("put"),
        };
      },
    );
  }
}
