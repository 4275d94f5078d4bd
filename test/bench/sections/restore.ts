/** go's own cache directory filled by `restore`, and by the usual tools from an archive of the same files. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { binaryPath } from "../../support/binary.ts";
import { type GoMachine, go, goEnv, metricsOf, NEWEST_GO } from "../../support/go-toolchain.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { plainEnv } from "../../support/process.ts";
import { realProgram } from "../../support/real-program.ts";
import { s3Client } from "../../support/s3-objects.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, ciVariables, makeDir } from "../machines.ts";
import { inTurns } from "../measure.ts";
import { medianOf, medianRatio } from "../statistics.ts";
import { buildProgram } from "../stock.ts";
import { formatSeconds } from "../tables.ts";

const PREFIX = "restore";
const ARCHIVE = "restore-archive.tar.zst";
const LATENCIES_MS = [0, 50];

/** One process with all that it starts, from its start to its end. */
interface Sample {
  seconds: number;
  cpuSeconds: number;
  /** 0: not known. */
  peakBytes: number;
}

/** A real program's cache on a new machine. */
export async function benchRestore(context: BenchContext): Promise<string> {
  const { cwd, what } = await stockRestore(context);
  const rows: string[][] = [];
  for (const latencyMs of LATENCIES_MS) {
    await using line = await openLine(context.server, { latencyMs });
    const samples = await inTurns(context.runs, {
      restore: (run) => restoreOnce(context, line, { name: `restore-${latencyMs}-${run}`, cwd }),
      tools: (run) => toolsOnce(context, line, `restore-tools-${latencyMs}-${run}`),
    });
    rows.push(rowOf(`\`restore\`, S3 at ${latencyMs} ms`, samples.restore, samples.tools));
    rows.push(rowOf(`curl, zstd, tar, S3 at ${latencyMs} ms`, samples.tools, samples.tools));
  }
  return markdownTable([what, "wall", "by tools", "processor time", "by tools", "peak memory"], rows);
}

/** Builds and vets the program without a helper, and puts the cache into the bucket, in both ways. */
async function stockRestore(context: BenchContext): Promise<{ cwd: string; what: string }> {
  const { dir, server } = context;
  console.error("  filling the bucket");
  const program = await realProgram(dir.join("restore-program"));
  const machine = newMachine(context, "restore-stock");
  const [build = []] = buildProgram(program.mainPackage, dir.join("restore-program.out"));
  for (const args of [build, ["vet", "-trimpath", "./..."]]) {
    const { exitCode, stderr } = await go(machine, args, { cwd: program.dir });
    if (exitCode !== 0) throw new Error(`go ${args.join(" ")}: ${stderr}`);
  }
  await measured([binaryPath(), "save", ...flagsAt(context, server.endpoint)], {
    cwd: program.dir,
    env: await goEnv(machine),
  });
  const archive = dir.join(ARCHIVE);
  const pack = 'tar -c --exclude=go-cache-plugin -C "$0" . | zstd -q -T0 -3 -o "$1"';
  await measured(["sh", "-c", pack, machine.gocache, archive], { cwd: dir.path, env: plainEnv() });
  await s3Client(server).write(ARCHIVE, Bun.file(archive));
  const bytes = Bun.file(archive).size;
  rmSync(archive);
  const entries = entriesIn(machine.gocache);
  rmSync(machine.gocache, { recursive: true });
  return { cwd: program.dir, what: `${entries} entries, an archive of ${formatByteSize(bytes)}` };
}

async function restoreOnce(
  context: BenchContext,
  line: Line,
  { name, cwd }: { name: string; cwd: string },
): Promise<Sample> {
  const machine = newMachine(context, name);
  const env = await goEnv(machine);
  const argv = [binaryPath(), "restore", ...flagsAt(context, line.endpoint), "--metrics=json"];
  const sample = await measured(argv, { cwd, env });
  rmSync(context.dir.join(name), { recursive: true });
  return sample;
}

/** By the same line from the same server. */
async function toolsOnce(context: BenchContext, line: Line, name: string): Promise<Sample> {
  const { dir, server } = context;
  const client = s3Client({ ...server, endpoint: line.endpoint });
  const cwd = makeDir(context, name);
  const argv = ["sh", "-c", 'curl -fsS "$0" | zstd -q -d | tar -x', client.presign(ARCHIVE)];
  const sample = await measured(argv, { cwd, env: plainEnv() });
  if (entriesIn(cwd) === 0) throw new Error("the archive was not unpacked");
  rmSync(dir.join(name), { recursive: true });
  return sample;
}

/** Throws if the command fails. */
async function measured(
  argv: string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Sample> {
  const startedMs = performance.now();
  const child = Bun.spawn(argv, { ...options, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [stderr, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  const seconds = (performance.now() - startedMs) / 1000;
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  const cpuMicros = Number(child.resourceUsage()?.cpuTime.total ?? 0);
  return {
    seconds,
    cpuSeconds: cpuMicros / 1e6,
    peakBytes: metricsOf({ stderr }).peak_memory_bytes ?? 0,
  };
}

function newMachine(context: BenchContext, name: string): GoMachine {
  const env = { ...context.server.env, ...ciVariables() };
  return { release: NEWEST_GO, gocache: makeDir(context, join(name, "gocache")), env };
}

function flagsAt(context: BenchContext, endpoint: string): string[] {
  return bucketFlags(context, { prefix: PREFIX, layout: "packed", endpoint });
}

function entriesIn(gocache: string): number {
  return readdirSync(gocache, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("-a"))
    .length;
}

function rowOf(label: string, samples: Sample[], tools: Sample[]): string[] {
  const peakBytes = Math.max(...samples.map((sample) => sample.peakBytes));
  return [
    label,
    formatSeconds(medianOf(samples, ({ seconds }) => seconds)),
    medianRatio(samples, tools).toFixed(2),
    formatSeconds(medianOf(samples, ({ cpuSeconds }) => cpuSeconds)),
    medianRatio(samples, tools, ({ cpuSeconds }) => cpuSeconds).toFixed(2),
    peakBytes === 0 ? "" : formatByteSize(peakBytes),
  ];
}
