/** go by itself on a new machine that `restore` has filled, beside one whose cache was there before. */
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { writeModule } from "../../support/go-project.ts";
import type { GoMachine } from "../../support/go-toolchain.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine, type Traffic } from "../line.ts";
import { bucketFlags, runner } from "../machines.ts";
import { inTurns, measure } from "../measure.ts";
import { goAll, nativeRunner, runNative } from "../native-machine.ts";
import { medianOf, medianRatio, medianSeconds } from "../statistics.ts";
import { BUILD_STD } from "../stock.ts";
import { formatSeconds } from "../tables.ts";
import { testCommands, writeTests } from "./tests.ts";

const TESTS = 200;
/** Consecutive commands before another machine's turn. */
const BLOCK = 10;
/** Fast commands are measured this many times for each restored machine. */
const SHORT_PER_RUN = 3;
const VET_STD = [["vet", "std"]];

interface Sample {
  seconds: number;
  traffic?: Traffic | undefined;
}

/** The machine that fills the bucket, and stays. */
interface Stock {
  machine: GoMachine;
  prefix: string;
  cwd: string;
}

export async function benchNative(context: BenchContext): Promise<string> {
  await using at0 = await openLine(context.server, { latencyMs: 0 });
  await using at50 = await openLine(context.server, { latencyMs: 50 });
  const rows = [
    ...(await stdRows(context, at0, at50)),
    ...(await vetRows(context, at0)),
    ...(await testRows(context, at0)),
    ...(await programRows(context, at0)),
  ];
  const header = ["go by itself, new machine after `restore`", "wall", "by native warm"];
  return markdownTable([...header, "requests", "received"], rows);
}

async function stdRows(context: BenchContext, at0: Line, at50: Line): Promise<string[][]> {
  const stock = await stockOf(context, "native-std", BUILD_STD, context.emptyDir);
  // Each run by GOCACHEPROG adds a record of that run; `restore` would read it as well.
  const helpedStock = { ...stock, prefix: "native-std-helped" };
  await save(context, helpedStock);
  const first = (line: Line, name: string) => (run: number) =>
    firstBuild(context, stock, line, `${name}-${run}`);
  const helped = (line: Line, name: string) => (run: number) =>
    helpedBuild(context, helpedStock, line, `${name}-${run}`);
  const whole = await inTurns(context.runs, {
    native: () => timed(stock.machine, BUILD_STD, stock.cwd),
    at0: first(at0, "native-at0"),
    helped0: helped(at0, "helped-at0"),
    at50: first(at50, "native-at50"),
    helped50: helped(at50, "helped-at50"),
  });
  return [
    row("`restore` and `go build std`, S3 at 0 ms", whole.at0, whole.native),
    row("`go build std` by GOCACHEPROG instead, S3 at 0 ms", whole.helped0, whole.native),
    row("`restore` and `go build std`, S3 at 50 ms", whole.at50, whole.native),
    row("`go build std` by GOCACHEPROG instead, S3 at 50 ms", whole.helped50, whole.native),
    ...(await laterRows(context, stock, at0, { "go build std": BUILD_STD })),
  ];
}

async function vetRows(context: BenchContext, line: Line): Promise<string[][]> {
  const stock = await stockOf(context, "native-vet", VET_STD, context.emptyDir);
  return await laterRows(context, stock, line, { "go vet std": VET_STD });
}

async function testRows(context: BenchContext, line: Line): Promise<string[][]> {
  const cwd = writeTests(context.dir.join("native-tests"), TESTS);
  const stock = await stockOf(context, "native-tests", testCommands(0, TESTS), cwd);
  const restored = await restoredMachine(context, stock, line, "native-tests-restored");
  const blockOf = (machine: GoMachine) => (number: number) =>
    timed(machine, testCommands(number * BLOCK, BLOCK), cwd);
  const blocks = await inTurns(TESTS / BLOCK, { native: blockOf(stock.machine), after: blockOf(restored) });
  return [row(`then ${BLOCK} of ${TESTS} small \`go test ./pkg\` in a row`, blocks.after, blocks.native)];
}

async function programRows(context: BenchContext, line: Line): Promise<string[][]> {
  const cwd = writePrograms(context.dir.join("native-programs"));
  const commands = { "go run .": [["run", "."]], "go tool generate": [["tool", "generate"]] };
  const stock = await stockOf(context, "native-programs", Object.values(commands).flat(), cwd);
  return await laterRows(context, stock, line, commands);
}

/** Each of these commands on a restored machine, and on the one that has filled the bucket. */
async function laterRows(
  context: BenchContext,
  stock: Stock,
  line: Line,
  named: Record<string, string[][]>,
): Promise<string[][]> {
  const restored = await restoredMachine(context, stock, line, `${stock.prefix}-restored`);
  const rows: string[][] = [];
  for (const [name, commands] of Object.entries(named)) {
    const { native, after } = await inTurns(context.runs * SHORT_PER_RUN, {
      native: () => timed(stock.machine, commands, stock.cwd),
      after: () => timed(restored, commands, stock.cwd),
    });
    rows.push(row(`then \`${name}\``, after, native));
  }
  return rows;
}

/** Runs the commands on a machine that stays, and puts its cache into the bucket. */
async function stockOf(
  context: BenchContext,
  prefix: string,
  commands: string[][],
  cwd: string,
): Promise<Stock> {
  console.error(`  filling ${prefix}`);
  const machine = nativeRunner(context, prefix);
  await goAll(machine, commands, cwd);
  const stock = { machine, prefix, cwd };
  await save(context, stock);
  return stock;
}

async function save(context: BenchContext, { machine, prefix, cwd }: Stock): Promise<void> {
  await runNative(context, "save", { machine, place: { prefix, endpoint: context.server.endpoint }, cwd });
}

async function restoredMachine(
  context: BenchContext,
  { prefix, cwd }: Stock,
  { endpoint }: Line,
  name: string,
): Promise<GoMachine> {
  const machine = nativeRunner(context, name);
  await runNative(context, "restore", { machine, place: { prefix, endpoint }, cwd });
  return machine;
}

/** The machine stays: ext4 makes new files slowly for half a minute after others were removed. */
async function firstBuild(context: BenchContext, stock: Stock, line: Line, name: string): Promise<Sample> {
  await line.takeTraffic();
  const startedMs = performance.now();
  const machine = await restoredMachine(context, stock, line, name);
  await goAll(machine, BUILD_STD, stock.cwd);
  return { seconds: (performance.now() - startedMs) / 1000, traffic: await line.takeTraffic() };
}

/** On a machine that stays, too. */
async function helpedBuild(context: BenchContext, stock: Stock, line: Line, name: string): Promise<Sample> {
  const flags = bucketFlags(context, { prefix: stock.prefix, layout: "packed", endpoint: line.endpoint });
  const machine = runner(context, { name, flags });
  return await measure(machine, BUILD_STD, { cwd: stock.cwd, line });
}

async function timed(machine: GoMachine, commands: string[][], cwd: string): Promise<Sample> {
  return { seconds: await goAll(machine, commands, cwd) };
}

/** A program with net/http, and a tool of the same module. */
function writePrograms(dir: string): string {
  const main = `package main\n\nimport (\n\t"fmt"\n\t"net/http"\n)\n\nfunc main() {\n\tfmt.Println(http.MethodGet)\n}\n`;
  return writeModule(dir, "example.com/programs", {
    "main.go": main,
    "generate/main.go": main,
    "go.mod": "module example.com/programs\n\ngo 1.24\n\ntool example.com/programs/generate\n",
  });
}

function row(label: string, samples: Sample[], native: Sample[]): string[] {
  const traffics = samples.flatMap(({ traffic }) => traffic ?? []);
  const of = (name: keyof Traffic) => medianOf(traffics, (traffic) => traffic[name]);
  const requests = traffics.length === 0 ? "" : `${of("get") + of("list") + of("put")}`;
  return [
    label,
    formatSeconds(medianSeconds(samples)),
    medianRatio(samples, native).toFixed(2),
    requests,
    traffics.length === 0 ? "" : formatByteSize(of("receivedBytes")),
  ];
}
