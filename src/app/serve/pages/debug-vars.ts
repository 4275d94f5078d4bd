/** `/debug/vars`: JSON with the names of tailscale/go-cache-plugin where they mean the same, then all counters. */
import { hostname } from "node:os";
import { countLookUps } from "../../../http/status/look-ups.ts";
import { peakMemoryBytes } from "../../../lib/process/peak-memory.ts";
import type { ServerState } from "../server-state.ts";

/** Their names, by ours. */
const HOST_NAMES: Readonly<Record<string, string>> = {
  get_local_hit: "get_local_hit",
  get_local_miss: "get_local_miss",
  get_remote_hit: "get_fault_hit",
  get_remote_miss: "get_fault_miss",
  put_skip_small: "put_skip_small",
  put_remote_found: "put_s3_found",
  put_remote_action: "put_s3_action",
  put_remote_object: "put_s3_object",
  put_remote_error: "put_s3_error",
};

/** Parts that prefix their counters with their own name. */
const PARTS = [
  ["modcache", "mod_"],
  ["revcache", "rev_"],
  ["proxyconn", "proxy_"],
] as const;

export function debugVars({ parts, version, startedMs, plugin }: ServerState): Record<string, unknown> {
  const counters = parts.counters.snapshot();
  const count = (name: string) => counters[name] ?? 0;
  const { local, remote } = countLookUps(counters);
  const { heapUsed, heapTotal, rss } = process.memoryUsage();
  const ofParts = PARTS.map(([name, start]) => [name, withoutStart(counters, start)]);
  return {
    cmdline: [process.execPath, "serve"],
    version,
    hostname: hostname(),
    process_start_unix_time: Math.floor(startedMs / 1000),
    counter_uptime_sec: Math.floor((Date.now() - startedMs) / 1000),
    memstats: { HeapAlloc: heapUsed, HeapSys: heapTotal, Sys: rss, PeakSys: peakMemoryBytes() },
    gocache_server: {
      get_requests: count("get"),
      get_hits: local + remote,
      put_requests: count("put"),
      put_bytes: count("put_bytes"),
    },
    gocache_host: Object.fromEntries(
      Object.entries(HOST_NAMES).map(([ours, theirs]) => [theirs, count(ours)]),
    ),
    ...Object.fromEntries(ofParts),
    sessions: plugin?.connections.counts,
    counters,
  };
}

function withoutStart(counters: Record<string, number>, start: string): Record<string, number> {
  const own = Object.entries(counters).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(start.length), value]));
}
