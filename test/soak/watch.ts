/** A server's use of resources at one moment between two steps. */
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

/** The progress of the load. */
export type Progress = Pick<Sample, "seconds" | "sessions" | "requests" | "movedBytes">;

/** The time limit for the server's background work to end. */
const QUIET_MS = 30_000;
const POLL_MS = 50;

/** The open descriptors and the temporary files at one moment. */
export type OpenFiles = Pick<Sample, "descriptors" | "tempFiles">;

/**
 * Waits until the server has neither a session nor a file open, at most half a minute, and returns the descriptors of
 * that moment: later it may work in the background again.
 */
export async function quiet(server: PluginServer, cacheDir: string): Promise<OpenFiles> {
  const startedMs = performance.now();
  for (;;) {
    const open = openFilesOf(server, cacheDir);
    const { sessions, files } = open.descriptors;
    if (sessions + files + open.tempFiles === 0 || performance.now() - startedMs > QUIET_MS) return open;
    await Bun.sleep(POLL_MS);
  }
}

function openFilesOf(server: PluginServer, cacheDir: string): OpenFiles {
  const tempFiles = filesIn(cacheDir).filter(({ path }) => path.startsWith("tmp/")).length;
  return { descriptors: descriptors(server), tempFiles: tempFiles + tunnelSockets(server.pid) };
}

function descriptors({ pid, plugin }: PluginServer): Descriptors {
  return descriptorsOf(pid, Number(/\d+$/.exec(plugin)?.[0]));
}

export async function takeSample(
  server: PluginServer,
  cacheDir: string,
  known: Progress & OpenFiles,
): Promise<Sample> {
  const vars = await getText(`${server.http}/debug/vars`);
  const metrics = await getText(`${server.http}/metrics`);
  const files = filesIn(cacheDir);
  return {
    ...known,
    residentBytes: server.residentBytes(),
    heapBytes: JSON.parse(vars).memstats.HeapAlloc,
    diskBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    stateFiles: files.filter(({ path }) => path.startsWith("state/")).length,
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
