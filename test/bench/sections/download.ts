import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { makeCertificate } from "../../support/certificate.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { plainEnv, run } from "../../support/process.ts";
import { type ProxyMachine, startProxyMachine } from "../../support/proxy-machine.ts";
import type { BenchContext } from "../context.ts";
import { makeDir } from "../machines.ts";
import { median } from "../statistics.ts";

const MIB = 1 << 20;
const BODY_MIB = 2048;

/** One body of two gigabytes through the forward proxy's TLS, and by curl straight from the origin. */
export async function benchDownload(context: BenchContext): Promise<string> {
  const { dir, runs } = context;
  const certificate = await makeCertificate(dir.path);
  const path = dir.join("download");
  writeBody(path);
  await using origin = serveFile(path, certificate);
  const url = `https://localhost:${origin.port}/body`;
  const speeds: Record<"straight" | "first" | "cached", number[]> = { straight: [], first: [], cached: [] };
  const peaks = { first: 0, cached: 0 };
  for (let i = 0; i < runs; i++) {
    const own = makeDir(context, `download-${i}`);
    await using machine = await startProxyMachine({
      dir: own,
      hosts: [`localhost:${origin.port}`],
      env: { SSL_CERT_FILE: certificate.certPath },
    });
    speeds.straight.push(await download(url, { CURL_CA_BUNDLE: certificate.certPath }));
    speeds.first.push(await download(url, machine.clientEnv));
    peaks.first = Math.max(peaks.first, peakBytes(machine));
    speeds.cached.push(await download(url, machine.clientEnv));
    peaks.cached = Math.max(peaks.cached, peakBytes(machine));
    await machine.stop();
    rmSync(own, { recursive: true });
  }
  rmSync(path);
  const straight = median(speeds.straight);
  const row = (name: string, values: number[], peak?: number) => [
    name,
    `${formatByteSize(median(values))}/s`,
    (median(values) / straight).toFixed(2),
    peak === undefined ? "" : formatByteSize(peak),
  ];
  return markdownTable(
    [`${BODY_MIB} MiB through TLS`, "speed", "of curl straight", "peak memory"],
    [
      row("curl straight from the origin", speeds.straight),
      row("through the proxy, first", speeds.first, peaks.first),
      row("through the proxy, from its cache", speeds.cached, peaks.cached),
    ],
  );
}

function serveFile(path: string, { cert, key }: { cert: string; key: string }) {
  const headers = { "cache-control": "public, max-age=86400" };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key },
    fetch: () => new Response(Bun.file(path), { headers }),
  });
  const port = server.port ?? 0;
  return { port, [Symbol.asyncDispose]: () => server.stop(true) };
}

async function download(url: string, env: Record<string, string>): Promise<number> {
  const argv = ["curl", "-fsS", "-o", "/dev/null", "-w", "%{size_download} %{speed_download}", url];
  const { stdout, stderr, exitCode } = await run(argv, { env: plainEnv(env) });
  const [size, speed] = stdout.split(" ").map(Number);
  if (exitCode !== 0 || size !== BODY_MIB * MIB) throw new Error(`curl ${url}: ${stdout} ${stderr}`);
  return speed ?? 0;
}

/** The kernel's count for the process. */
function peakBytes({ pid }: ProxyMachine): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) * 1024;
}

function writeBody(path: string): void {
  const piece = crypto.getRandomValues(new Uint8Array(64 << 10));
  const file = openSync(path, "w");
  for (let written = 0; written < BODY_MIB * MIB; written += piece.length) writeSync(file, piece);
  ftruncateSync(file, BODY_MIB * MIB);
  closeSync(file);
}
