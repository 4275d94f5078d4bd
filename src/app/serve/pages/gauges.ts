import { readdirSync, statfsSync } from "node:fs";
import type { GaugeValue } from "../../../http/metrics.ts";
import { bytesAfterLastPrune } from "../../cache-dir/prune-cache.ts";
import type { RemotePool } from "../plugin/remote-pool.ts";
import type { ServerState } from "../server-state.ts";

/** Values that may fall: sessions, transfers, whether the bucket answers, the disk, the process. */
export function gauges(state: ServerState): GaugeValue[] {
  return [
    ...sessionGauges(state),
    ...remoteGauges(state),
    ...queueGauges(state),
    ...diskGauges(state),
    ...processGauges(state),
  ];
}

function sessionGauges({ plugin, isDraining }: ServerState): GaugeValue[] {
  const help = "Connections of go commands";
  const sessions = Object.entries(plugin?.connections.counts ?? {}).map(([kind, value]) => ({
    name: "sessions",
    help,
    labels: { kind },
    value,
  }));
  return [
    ...sessions,
    { name: "draining", help: "Whether the server is about to end", value: Number(isDraining) },
  ];
}

function remoteGauges(state: ServerState): GaugeValue[] {
  const { plugin, parts } = state;
  if (parts.config.remote === undefined) return [];
  const store = parts.openStore();
  if (store === undefined) return [];
  const { reads, writes } = store.health;
  const help = "Whether requests to the bucket are paused because it does not answer";
  return [
    { name: "breaker_open", help, labels: { side: "reads" }, value: Number(reads.open !== undefined) },
    { name: "breaker_open", help, labels: { side: "writes" }, value: Number(writes.open !== undefined) },
    {
      name: "uploading_bytes",
      help: "Bytes being uploaded",
      value: store.uplink.bytesUnderWay,
    },
    ...poolGauges(plugin?.pool),
  ];
}

function poolGauges(pool: RemotePool | undefined): GaugeValue[] {
  if (pool === undefined) return [];
  return [
    { name: "scopes", help: "Scopes with an index in memory", value: pool.scopes.length },
    { name: "fetching_bytes", help: "Bytes of packs being fetched", value: pool.fetchingBytes },
  ];
}

/** The queues of the parts that are open. */
function queueGauges({ plugin, moduleProxy, forwardProxy }: ServerState): GaugeValue[] {
  const waiting: [part: string, value: number | undefined][] = [
    ["builds", plugin?.pool?.waiting],
    ["modules", moduleProxy?.waitingUploads()],
    ["downloads", forwardProxy?.waitingUploads()],
  ];
  const help = "Entries and files waiting for upload";
  return waiting.flatMap(([part, value]) =>
    value === undefined ? [] : [{ name: "upload_queue", help, labels: { part }, value }],
  );
}

function diskGauges({ parts }: ServerState): GaugeValue[] {
  const kept = {
    name: "cache_kept_bytes",
    help: "Bytes that the last pruning left in the cache directory",
    value: bytesAfterLastPrune(parts.root),
  };
  try {
    const { bsize, blocks, bavail } = statfsSync(parts.root);
    return [
      kept,
      { name: "disk_size_bytes", help: "Size of the cache directory's file system", value: blocks * bsize },
      {
        name: "disk_free_bytes",
        help: "Free bytes of the cache directory's file system",
        value: bavail * bsize,
      },
    ];
  } catch {
    return [kept];
  }
}

function processGauges({ startedMs }: ServerState): GaugeValue[] {
  const { user, system } = process.cpuUsage();
  return [
    { name: "process_resident_memory_bytes", help: "Resident memory", value: process.memoryUsage.rss() },
    { name: "process_cpu_seconds", help: "Processor time used", value: (user + system) / 1e6 },
    { name: "process_start_time_seconds", help: "Start, in seconds since 1970", value: startedMs / 1000 },
    { name: "process_open_fds", help: "Open descriptors", value: openDescriptors() },
  ];
}

function openDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
