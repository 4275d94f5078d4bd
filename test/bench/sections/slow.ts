/** Buckets that hardly pay: the maximum that a build loses to them. */
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { bucketFlags, type Layout, onRunner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { BUILD_STD, buildProgram } from "../stock.ts";
import { buildTable, type Row } from "../tables.ts";

const LINES = {
  "2 MB/s": { latencyMs: 50, connectionTrips: 2, bytesPerSecond: 2e6 },
  "500 ms": { latencyMs: 500, connectionTrips: 2 },
} as const;

const LAYOUTS: readonly Layout[] = ["packed", "split", "both"];

/** A build with its outputs in the bucket. */
interface SlowBuild {
  name: string;
  title: string;
  prefix: string;
  cwd: string;
  commands: (out: string) => string[][];
}

/** New machines with a warm bucket and bad lines, and one without any cache. */
export async function benchSlow(context: BenchContext): Promise<string> {
  const std: SlowBuild = {
    name: "std",
    title: "`go build std`, new machine, warm bucket",
    prefix: await context.stock.std(),
    cwd: context.emptyDir,
    commands: () => BUILD_STD,
  };
  const { prefix, program } = await context.stock.program();
  const large: SlowBuild = {
    name: "program",
    title: "a large program (versitygw), new machine, warm bucket",
    prefix,
    cwd: program.dir,
    commands: (out) => buildProgram(program.mainPackage, out),
  };
  return `${await slowTable(context, std)}\n\n${await slowTable(context, large)}`;
}

async function slowTable(context: BenchContext, build: SlowBuild): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const variants: Record<string, (run: number) => Promise<Sample>> = { "no cache": runner(context, build) };
  for (const [lineName, options] of Object.entries(LINES)) {
    const line = stack.use(await openLine(context.server, options));
    for (const layout of LAYOUTS) {
      const flags = bucketFlags(context, { prefix: build.prefix, layout, endpoint: line.endpoint });
      variants[`${layout}, ${lineName}`] = runner(context, build, {
        label: `${layout}-${lineName}`,
        flags,
        line,
      });
    }
  }
  const samples = await inTurns(context.runs, variants);
  const none = samples["no cache"] ?? [];
  const rows = Object.entries(samples).map(
    ([label, row]): Row => ({ label: labelOf(label, row), samples: row, by: [none] }),
  );
  return buildTable(build.title, ["by no cache"], rows);
}

function runner(
  context: BenchContext,
  { name, commands, cwd }: SlowBuild,
  far?: { label: string; flags: string[]; line: Awaited<ReturnType<typeof openLine>> },
) {
  return (run: number) => {
    const machine = `slow-${name}-${far?.label.replaceAll(/\W/g, "") ?? "none"}-${run}`;
    return onRunner(context, { name: machine, flags: far?.flags }, (on) =>
      measure(on, commands(context.dir.join(`${machine}.out`)), { cwd, line: far?.line }),
    );
  };
}

/** The label, with the reasons if most of these runs bypassed the bucket. */
function labelOf(label: string, samples: Sample[]): string {
  const reasons = ["slow", "failing", "unanswered"].filter(
    (why) =>
      samples.filter(({ counts }) => (counts[`left_alone_${why}`] ?? 0) > 0).length * 2 > samples.length,
  );
  return reasons.length === 0 ? label : `${label} (bypassed: ${reasons.join(", ")})`;
}
