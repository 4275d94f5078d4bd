/** `/metrics`: the counters, times and states of the server in Prometheus's text format. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

const PREFIX = "go_cache_plugin_";
/** The buckets of latency histograms in seconds: from a local socket to a timeout. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long the operations of one kind took. */
export interface TimeDistribution {
  operation: string;
  count: number;
  /** Not cumulative: operations longer than the previous bound, up to this one. The last bound is infinite. */
  buckets: { upToSeconds: number; count: number }[];
}

/** A value that can go down. */
export interface GaugeValue {
  name: string;
  help: string;
  labels?: Record<string, string>;
  value: number;
}

/** Counters that become one metric with labels. Other counters keep their names. */
const LABELLED: readonly [pattern: RegExp, name: string, help: string, labels: readonly string[]][] = [
  [/^get_(local|remote)_hit$/, "hits", "Lookups that found an entry", ["source"]],
  [/^get_(local|remote)_miss$/, "misses", "Lookups that did not", ["source"]],
  [/^left_alone_(\w+)$/, "left_alone", "Times that a session bypassed the bucket", ["reason"]],
  [/^s3_answers_(\w+)_(\d+)$/, "s3_answers", "Answers of the S3 server", ["operation", "status"]],
  [/^s3_requests_(\w+)$/, "s3_requests", "Requests sent to the S3 server", ["operation"]],
  [/^s3_bytes_(sent|received)$/, "s3_bytes", "Bytes of bodies to and from the S3 server", ["direction"]],
];

/** Sums over the labels of other counters, which Prometheus computes itself. */
const SUMS: ReadonlySet<string> = new Set(["s3_requests"]);

export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #times: Histogram;

  constructor() {
    this.#times = new Histogram({
      name: `${PREFIX}seconds`,
      help: "How long single operations took, to the first byte of an answer for S3",
      labelNames: ["operation"],
      buckets: BUCKETS,
      registers: [this.#registry],
    });
  }

  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

  readonly observe = (operation: string, seconds: number): void => {
    this.#times.observe({ operation }, seconds);
  };

  /** The observed times, by operation. */
  async times(): Promise<TimeDistribution[]> {
    const { values } = await this.#times.get();
    const cumulative = new Map<string, { upToSeconds: number; count: number }[]>();
    for (const { metricName, labels, value } of values) {
      if (metricName !== `${PREFIX}seconds_bucket`) continue;
      const upToSeconds = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
      const operation = String(labels.operation);
      cumulative.set(operation, [...(cumulative.get(operation) ?? []), { upToSeconds, count: value }]);
    }
    return [...cumulative].map(([operation, upTo]) => ({
      operation,
      count: upTo.at(-1)?.count ?? 0,
      buckets: upTo.map(({ upToSeconds, count }, index) => {
        return { upToSeconds, count: count - (upTo[index - 1]?.count ?? 0) };
      }),
    }));
  }

  /** The current values in Prometheus's text format. */
  async text(counters: Record<string, number>, gauges: GaugeValue[]): Promise<string> {
    for (const counter of this.#counters.values()) counter.reset();
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const [name, value] of Object.entries(counters)) if (!SUMS.has(name)) this.#count(name, value);
    for (const { name, help, labels = {}, value } of gauges)
      this.#gauge(name, help, labels).set(labels, value);
    return await this.#registry.metrics();
  }

  #count(key: string, value: number): void {
    for (const [pattern, name, help, labelNames] of LABELLED) {
      const match = pattern.exec(key);
      if (match === null) continue;
      const labels = Object.fromEntries(labelNames.map((label, index) => [label, match[index + 1] ?? ""]));
      this.#counter(name, help, labelNames).inc(labels, value);
      return;
    }
    const name = key.replace(/\W/g, "_");
    this.#counter(name, `The counter ${name} of --metrics`, []).inc(value);
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    const known = this.#counters.get(name);
    if (known !== undefined) return known;
    const made = new Counter({
      name: `${PREFIX}${name}_total`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    });
    this.#counters.set(name, made);
    return made;
  }

  #gauge(name: string, help: string, labels: Record<string, string>): Gauge {
    const known = this.#gauges.get(name);
    if (known !== undefined) return known;
    // Gauges of the process have standard names, which dashboards know.
    const full = name.startsWith("process_") ? name : `${PREFIX}${name}`;
    const labelNames = Object.keys(labels);
    const made = new Gauge({ name: full, help, labelNames, registers: [this.#registry] });
    this.#gauges.set(name, made);
    return made;
  }
}
