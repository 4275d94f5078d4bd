import { readdirSync, statfsSync } from "node:fs";
import type { GaugeValue } from "../../http/metrics.ts";
import { bytesAfterLastPrune } from "../prune-cache.ts";
import type { ServerState } from "./server-state.ts";

/** What may fall again: sessions, what is on its way, whether the bucket answers, the disk, the process. */
export function gauges(state: ServerState): GaugeValue[] {
  return [...sessionGauges(state), ...remoteGauges(state), ...diskGauges(state), ...processGauges(state)];
}

function sessionGauges({ plugin, isDraining }: ServerState): GaugeValue[] {
  const help = "Connections of go commands";
  const sessions = Object.entries(plugin?.sessions() ?? {}).map(([kind, value]) => ({
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

function remoteGauges({ plugin }: ServerState): GaugeValue[] {
  const { pool } = plugin ?? {};
  if (pool === undefined) return [];
  const { readsOpen, writesOpen, fetchingBytes, uploadingBytes } = pool.state;
  const help = "Whether the bucket is left alone, for it does not answer";
  return [
    { name: "scopes", help: "Scopes whose index is in memory", value: pool.scopes },
    { name: "breaker_open", help, labels: { side: "reads" }, value: Number(readsOpen) },
    { name: "breaker_open", help, labels: { side: "writes" }, value: Number(writesOpen) },
    { name: "fetching_bytes", help: "Bytes of packs that are on their way here", value: fetchingBytes },
    { name: "uploading_bytes", help: "Bytes that are on their way to the bucket", value: uploadingBytes },
  ];
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
      { name: "disk_free_bytes", help: "What is free on it", value: bavail * bsize },
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
