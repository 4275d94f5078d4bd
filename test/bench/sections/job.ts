/**
 * A whole job on a new machine without other caches: by `exec`, and by go with one archive of its two directories, as
 * `actions/cache` and `setup-go` keep them.
 */
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { binaryPath } from "../../support/binary.ts";
import { goEnv } from "../../support/go-toolchain.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { realProgram } from "../../support/real-program.ts";
import { s3Client } from "../../support/s3-objects.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine, type Traffic } from "../line.ts";
import { bucketFlags } from "../machines.ts";
import { inTurns } from "../measure.ts";
import {
  localProxy,
  type ModuleMachine,
  measureProcess,
  moduleMachine,
  type ProcessSample,
} from "../native-machine.ts";
import { medianOf, medianRatio, medianSeconds } from "../statistics.ts";
import { buildProgram } from "../stock.ts";
import { formatSeconds } from "../tables.ts";

const LATENCY_MS = 50;
const WIDTHS = [20, 200];
/** A package of the program that is changed. */
const CHANGED = "auth/acl.go";

type Sample = ProcessSample & { traffic: Traffic };

interface Job {
  context: BenchContext;
  line: Line;
  /** The name of its caches in the bucket. */
  name: string;
  program: { dir: string; mainPackage: string };
  /** Where its first run has the modules from; later ones have no network but the bucket. */
  proxy: string;
}

/** Which run of the job: nothing is in the bucket yet, all is, all but one package. */
type Run = "first run" | "unchanged" | "one package changed";

/** A real program: nothing stored, nothing changed, one package changed. */
export async function benchJob(context: BenchContext): Promise<string> {
  const program = await realProgram(context.dir.join("job-program"));
  const proxy = await localProxy(context, "job-modules", program.dir);
  const rows: string[][] = [];
  for (const width of WIDTHS) {
    const bytesPerSecond = width * 1e6;
    await using line = await openLine(context.server, {
      latencyMs: LATENCY_MS,
      connectionTrips: 2,
      bytesPerSecond,
    });
    const job = (run: number) => ({ context, line, name: `job-${width}-${run}`, program, proxy });
    for (const which of ["first run", "unchanged", "one package changed"] as const) {
      if (which === "one package changed") appendFileSync(join(program.dir, CHANGED), changeOf(width));
      const samples = await inTurns(context.runs, {
        exec: (run) => byExec(job(run), which),
        archive: (run) => byArchive(job(run), which),
      });
      const where = `${which}, ${width} MB/s`;
      rows.push(rowOf(`${where}: \`exec\``, samples.exec, samples.archive));
      rows.push(rowOf(`${where}: archive`, samples.archive, samples.archive));
    }
  }
  return markdownTable(["versitygw on a new machine", "wall", "by archive", "received", "sent"], rows);
}

/** A line that no run before had: only the first job that sees it compiles it. */
function changeOf(width: number): string {
  return `\n// Changed${width} returns the width of the line.\nfunc Changed${width}() int { return ${width} }\n`;
}

async function byExec(job: Job, which: Run): Promise<Sample> {
  const { context, line, name } = job;
  const flags = bucketFlags(context, { prefix: name, layout: "packed", endpoint: line.endpoint });
  return await onNewMachine(job, which, "exec", (build) => [
    [binaryPath(), "exec", ...flags, "--metrics=json", "--", ...build],
  ]);
}

/** The key is that of go.sum, as with `setup-go`: what a later run compiles is not stored. */
async function byArchive(job: Job, which: Run): Promise<Sample> {
  const { context, line, name } = job;
  const client = s3Client({ ...context.server, endpoint: line.endpoint });
  const archive = `${name}.tar.zst`;
  return await onNewMachine(job, which, "archive", (build, { root }) => {
    if (which !== "first run") {
      const unpack = 'curl -fsS "$0" | zstd -q -d --long=30 | tar -x -C "$1"';
      return [["sh", "-c", unpack, client.presign(archive), root], build];
    }
    const pack =
      'tar -c -C "$1" gocache mod | zstd -q -T0 --long=30 -o "$1/archive" && curl -fsS -T "$1/archive" "$0"';
    return [build, ["sh", "-c", pack, client.presign(archive, { method: "PUT" }), root]];
  });
}

async function onNewMachine(
  { context, line, name, program, proxy }: Job,
  which: Run,
  way: string,
  commandsOf: (build: string[], machine: ModuleMachine) => string[][],
): Promise<Sample> {
  const machine = await moduleMachine(context, `${name}-${way}`, which === "first run" ? proxy : "off");
  const [args = []] = buildProgram(program.mainPackage, join(machine.root, "program"));
  const env = await goEnv(machine);
  await line.takeTraffic();
  const startedMs = performance.now();
  const samples: ProcessSample[] = [];
  for (const argv of commandsOf(["go", ...args], machine))
    samples.push(await measureProcess(argv, { cwd: program.dir, env }));
  const seconds = (performance.now() - startedMs) / 1000;
  const traffic = await line.takeTraffic();
  rmSync(machine.root, { recursive: true });
  return {
    seconds,
    traffic,
    cpuSeconds: samples.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakBytes: Math.max(...samples.map(({ peakBytes }) => peakBytes)),
  };
}

function rowOf(label: string, samples: Sample[], archive: Sample[]): string[] {
  return [
    label,
    formatSeconds(medianSeconds(samples)),
    medianRatio(samples, archive).toFixed(2),
    formatByteSize(medianOf(samples, ({ traffic }) => traffic.receivedBytes)),
    formatByteSize(medianOf(samples, ({ traffic }) => traffic.sentBytes)),
  ];
}
