/** What a server takes of the machine, at one moment between two steps. */
import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PluginServer } from "../support/plugin-server.ts";
import { type Descriptors, descriptorsOf } from "./descriptors.ts";

export interface Sample {
  seconds: number;
  /** Done so far. */
  sessions: number;
  requests: number;
  movedBytes: number;
  residentBytes: number;
  heapBytes: number;
  descriptors: Descriptors;
  /** Files being written, and sockets of tunnels. */
  tempFiles: number;
  /** All of the cache directory. */
  diskBytes: number;
  stateFiles: number;
  /** Indexes of jobs in memory. */
  scopes: number;
}

/** What the load has done. */
export type Progress = Pick<Sample, "seconds" | "sessions" | "requests" | "movedBytes">;

/** How long what the server does behind may take to come to an end. */
const QUIET_MS = 30_000;
const POLL_MS = 50;

/** Waits until the server has neither a session nor a file open; no longer than half a minute. */
export async function quiet(server: PluginServer): Promise<void> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < QUIET_MS) {
    const { sessions, files } = descriptors(server);
    if (sessions + files === 0) return;
    await Bun.sleep(POLL_MS);
  }
}

function descriptors({ pid, plugin }: PluginServer): Descriptors {
  return descriptorsOf(pid, Number(/\d+$/.exec(plugin)?.[0]));
}

export async function takeSample(
  server: PluginServer,
  cacheDir: string,
  progress: Progress,
): Promise<Sample> {
  const vars = await getText(`${server.http}/debug/vars`);
  const metrics = await getText(`${server.http}/metrics`);
  const files = filesIn(cacheDir);
  const below = (dir: string) => files.filter(({ path }) => path.startsWith(`${dir}/`)).length;
  return {
    ...progress,
    residentBytes: server.residentBytes(),
    heapBytes: JSON.parse(vars).memstats.HeapAlloc,
    descriptors: descriptors(server),
    tempFiles: below("tmp") + tunnelSockets(server.pid),
    diskBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    stateFiles: below("state"),
    scopes: Number(/^go_cache_plugin_scopes (\d+)$/m.exec(metrics)?.[1]),
  };
}

async function getText(url: string): Promise<string> {
  return await (await fetch(url, { proxy: false } as RequestInit)).text();
}

function filesIn(dir: string): { path: string; sizeBytes: number }[] {
  const paths = readdirSync(dir, { recursive: true, encoding: "utf8" });
  return paths.flatMap((path) => {
    const stat = statSync(join(dir, path), { throwIfNoEntry: false });
    return stat?.isFile() === true ? [{ path, sizeBytes: stat.size }] : [];
  });
}

function tunnelSockets(pid: number): number {
  const dirs = readdirSync(tmpdir()).filter((name) => new RegExp(`^gcp-tls-\\w+-${pid}-`).test(name));
  return dirs.reduce((sum, name) => sum + readdirSync(join(tmpdir(), name)).length, 0);
}
