/** A line to the S3 server with a latency and a bandwidth, through the latency proxy in a separate process. */
import { resolve } from "node:path";
import { PROJECT_DIR } from "../support/binary.ts";
import type { ProxyCounts } from "../support/fault-proxy.ts";
import type { S3Server } from "../support/s3-server.ts";

export interface LineOptions {
  /** 0 uses the proxy too, so that every latency includes the proxy's own work. */
  latencyMs: number;
  bytesPerSecond?: number;
  /** Round trips that a new connection takes; default 1. */
  connectionTrips?: number;
  /** Requests are read and never answered. */
  hangs?: boolean;
}

/** The traffic of a line: requests by kind, and bytes of bodies. */
export interface Traffic {
  get: number;
  list: number;
  /** PUT and others. */
  put: number;
  receivedBytes: number;
  sentBytes: number;
  /** Those of what the packed layout keeps besides packs: segments, records, heads, additions. */
  indexReceivedBytes: number;
  indexSentBytes: number;
}

export interface Line extends AsyncDisposable {
  readonly endpoint: string;
  /** The traffic since the start, or the last call. */
  takeTraffic(): Promise<Traffic>;
}

export async function openLine(server: S3Server, options: LineOptions): Promise<Line> {
  const proxy = Bun.spawn([process.execPath, PROXY, ...proxyFlags(server, options)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await proxy.stdout.getReader().read();
  const { port, controlPort } = JSON.parse(new TextDecoder().decode(value)) as Ports;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async takeTraffic() {
      const answer = await fetch(`http://127.0.0.1:${controlPort}/reset`, { method: "POST", proxy: false });
      return trafficOf((await answer.json()) as ProxyCounts);
    },
    async [Symbol.asyncDispose]() {
      await proxy.stdin.end();
      await proxy.exited;
    },
  };
}

const PROXY = resolve(PROJECT_DIR, "test/support/latency-proxy.ts");

interface Ports {
  port: number;
  controlPort: number;
}

function proxyFlags(server: S3Server, options: LineOptions): string[] {
  const { latencyMs, bytesPerSecond, connectionTrips = 1, hangs = false } = options;
  const flags = [
    `--target=${server.endpoint}`,
    `--latency-ms=${latencyMs}`,
    `--connection-trips=${connectionTrips}`,
  ];
  if (bytesPerSecond !== undefined) flags.push(`--bytes-per-second=${bytesPerSecond}`);
  return hangs ? [...flags, "--hang"] : flags;
}

function trafficOf({ requests, byMethod, bytesDown, bytesUp, ...counts }: ProxyCounts): Traffic {
  const { GET = 0, HEAD = 0, LIST = 0 } = byMethod;
  const get = GET + HEAD;
  return {
    get,
    list: LIST,
    put: requests - get - LIST,
    receivedBytes: bytesDown,
    sentBytes: bytesUp,
    indexReceivedBytes: indexBytes(counts.downByFolder),
    indexSentBytes: indexBytes(counts.upByFolder),
  };
}

function indexBytes({ pack: _, ...index }: Record<string, number>): number {
  return Object.values(index).reduce((sum, bytes) => sum + bytes, 0);
}
