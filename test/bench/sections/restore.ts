/** go's own cache directory filled by `restore`, and by the usual tools from an archive of the same files. */
import { readdirSync, rmSync } from "node:fs";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { plainEnv } from "../../support/process.ts";
import { realProgram } from "../../support/real-program.ts";
import { s3Client } from "../../support/s3-objects.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { makeDir } from "../machines.ts";
import { inTurns } from "../measure.ts";
import { goAll, measureProcess, nativeRunner, type ProcessSample, runNative } from "../native-machine.ts";
import { medianOf, medianRatio, medianSeconds } from "../statistics.ts";
import { buildProgram } from "../stock.ts";
import { formatSeconds } from "../tables.ts";

const PREFIX = "restore";
const ARCHIVE = "restore-archive.tar.zst";
const LATENCIES_MS = [0, 50];

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
  const machine = nativeRunner(context, "restore-stock");
  const build = buildProgram(program.mainPackage, dir.join("restore-program.out"));
  await goAll(machine, [...build, ["vet", "-trimpath", "./..."]], program.dir);
  const place = { prefix: PREFIX, endpoint: server.endpoint };
  await runNative(context, "save", { machine, place, cwd: program.dir });
  const archive = dir.join(ARCHIVE);
  const pack = 'tar -c --exclude=go-cache-plugin -C "$0" . | zstd -q -T0 -3 -o "$1"';
  await measureProcess(["sh", "-c", pack, machine.gocache, archive], { cwd: dir.path, env: plainEnv() });
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
): Promise<ProcessSample> {
  const machine = nativeRunner(context, name);
  const place = { prefix: PREFIX, endpoint: line.endpoint };
  const sample = await runNative(context, "restore", { machine, place, cwd });
  rmSync(context.dir.join(name), { recursive: true });
  return sample;
}

/** By the same line from the same server. */
async function toolsOnce(context: BenchContext, line: Line, name: string): Promise<ProcessSample> {
  const { dir, server } = context;
  const client = s3Client({ ...server, endpoint: line.endpoint });
  const cwd = makeDir(context, name);
  const argv = ["sh", "-c", 'curl -fsS "$0" | zstd -q -d | tar -x', client.presign(ARCHIVE)];
  const sample = await measureProcess(argv, { cwd, env: plainEnv() });
  if (entriesIn(cwd) === 0) throw new Error("the archive was not unpacked");
  rmSync(dir.join(name), { recursive: true });
  return sample;
}

function entriesIn(gocache: string): number {
  return readdirSync(gocache, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("-a"))
    .length;
}

function rowOf(label: string, samples: ProcessSample[], tools: ProcessSample[]): string[] {
  const peakBytes = Math.max(...samples.map((sample) => sample.peakBytes));
  return [
    label,
    formatSeconds(medianSeconds(samples)),
    medianRatio(samples, tools).toFixed(2),
    formatSeconds(medianOf(samples, ({ cpuSeconds }) => cpuSeconds)),
    medianRatio(samples, tools, ({ cpuSeconds }) => cpuSeconds).toFixed(2),
    peakBytes === 0 ? "" : formatByteSize(peakBytes),
  ];
}
