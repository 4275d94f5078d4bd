/** The modules of a large program on a new machine: by `restore`, and by go from a complete local directory. */
import { rmSync } from "node:fs";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { realProgram } from "../../support/real-program.ts";
import { GOLANGCI_LINT } from "../../support/tools.ts";
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { inTurns } from "../measure.ts";
import {
  goAll,
  localProxy,
  type ModuleMachine,
  moduleMachine,
  type ProcessSample,
  runNative,
} from "../native-machine.ts";
import { medianRatio, medianSeconds } from "../statistics.ts";
import { formatSeconds } from "../tables.ts";

const PROGRAM = {
  module: `github.com/golangci/golangci-lint/v2@${GOLANGCI_LINT.version}`,
  mainPackage: "./cmd/golangci-lint",
};

/** What a job wants of its modules. */
interface Use {
  label: string;
  commands: string[][];
  flags: string[];
}

interface Sample {
  seconds: number;
  peakBytes: number;
}

export async function benchGoModules(context: BenchContext): Promise<string> {
  const cwd = context.dir.join("go-modules-program");
  const { mainPackage } = await realProgram(cwd, PROGRAM);
  const proxy = await localProxy(context, "go-modules-proxy", cwd);
  const rows: string[][] = [];
  for (const use of [
    { label: "go list -deps", commands: [["list", "-deps", mainPackage]], flags: [] },
    {
      label: "go mod download, go mod verify",
      commands: [
        ["mod", "download"],
        ["mod", "verify"],
      ],
      flags: ["--modules=both"],
    },
  ])
    rows.push(...(await rowsOf({ context, cwd, proxy }, use)));
  return markdownTable(["golangci-lint's modules, new machine", "wall", "by file://", "peak memory"], rows);
}

interface Place {
  context: BenchContext;
  cwd: string;
  proxy: string;
}

async function rowsOf(place: Place, use: Use): Promise<string[][]> {
  const { context } = place;
  await using at0 = await openLine(context.server, { latencyMs: 0 });
  await using at50 = await openLine(context.server, { latencyMs: 50 });
  const prefix = `go-modules-${use.commands[0]?.[0]}`;
  await stock(place, use, prefix);
  const restored = (endpoint: string, name: string) => (run: number) =>
    onMachine(place, use, { name: `${prefix}-${name}-${run}`, from: { prefix, endpoint } });
  const samples = await inTurns(context.runs, {
    file: (run) => onMachine(place, use, { name: `${prefix}-file-${run}` }),
    at0: restored(at0.endpoint, "at0"),
    at50: restored(at50.endpoint, "at50"),
  });
  return [
    rowOf(`\`${use.label}\`, GOPROXY=file://`, samples.file, samples.file),
    rowOf(`\`restore\`, \`${use.label}\`, S3 at 0 ms`, samples.at0, samples.file),
    rowOf(`\`restore\`, \`${use.label}\`, S3 at 50 ms`, samples.at50, samples.file),
  ];
}

/** One run of the job, which fills the bucket. */
async function stock(
  { context, cwd, proxy }: Place,
  { commands, flags }: Use,
  prefix: string,
): Promise<void> {
  console.error(`  filling ${prefix}`);
  const machine = await moduleMachine(context, `${prefix}-stock`, proxy);
  await goAll(machine, commands, cwd);
  const place = { prefix, endpoint: context.server.endpoint };
  await runNative(context, "save", { machine, place, cwd, flags });
  rmSync(machine.root, { recursive: true });
}

/** Without `from`: with the directory as go's proxy, and without a bucket. */
async function onMachine(
  { context, cwd, proxy }: Place,
  { commands, flags }: Use,
  { name, from }: { name: string; from?: { prefix: string; endpoint: string } },
): Promise<Sample> {
  const machine: ModuleMachine = await moduleMachine(context, name, from === undefined ? proxy : "off");
  const startedMs = performance.now();
  let sample: ProcessSample | undefined;
  if (from !== undefined) sample = await runNative(context, "restore", { machine, place: from, cwd, flags });
  await goAll(machine, commands, cwd);
  const seconds = (performance.now() - startedMs) / 1000;
  rmSync(machine.root, { recursive: true });
  return { seconds, peakBytes: sample?.peakBytes ?? 0 };
}

function rowOf(label: string, samples: Sample[], file: Sample[]): string[] {
  const peakBytes = Math.max(...samples.map((sample) => sample.peakBytes));
  return [
    label,
    formatSeconds(medianSeconds(samples)),
    medianRatio(samples, file).toFixed(2),
    peakBytes === 0 ? "" : formatByteSize(peakBytes),
  ];
}
