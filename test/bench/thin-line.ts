/** Lines of little width: 50 ms, and a second round trip for a new connection, as TLS takes. */
import type { BenchContext } from "./context.ts";
import { type Line, openLine } from "./line.ts";
import { bucketFlags, type Layout, onRunner } from "./machines.ts";
import { inTurns, measure, type Sample } from "./measure.ts";
import { medianOf } from "./statistics.ts";
import { buildTable, type Row } from "./tables.ts";

/** A build whose outputs are in the bucket. */
export interface StockedBuild {
  title: string;
  prefix: string;
  cwd: string;
  /** The commands; `name` may be part of the name of what they make. */
  commands: (name: string) => string[][];
  layouts: Layout[];
}

const MEGABYTES_PER_SECOND = [20, 2];

/** New machines behind such lines, and one that has no cache at all. */
export async function thinLineTable(context: BenchContext, build: StockedBuild): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const variants: Record<string, (run: number) => Promise<Sample>> = { none: withoutCache(context, build) };
  const rows: ((samples: Record<string, Sample[]>) => Row)[] = [];
  for (const layout of build.layouts) {
    for (const width of MEGABYTES_PER_SECOND) {
      const bytesPerSecond = width * 1e6;
      const options = { latencyMs: 50, connectionTrips: 2, bytesPerSecond };
      const line = stack.use(await openLine(context.server, options));
      const name = `${layout}-${width}`;
      variants[name] = newMachine(context, build, { name, layout, line });
      rows.push(({ [name]: samples = [], none }) => ({
        label: `${layout}, ${width} MB/s`,
        samples,
        by: [none, medianOf(samples, (sample) => bySize(sample, bytesPerSecond))],
      }));
    }
  }
  const samples = await inTurns(context.runs, variants);
  const { none = [] } = samples;
  return buildTable(
    build.title,
    ["by no cache", "by bytes ÷ width"],
    [{ label: "no cache", samples: none, by: [none] }, ...rows.map((row) => row(samples))],
  );
}

function withoutCache(context: BenchContext, { commands, cwd }: StockedBuild) {
  return (run: number) => {
    const name = `thin-none-${run}`;
    return onRunner(context, { name }, (machine) => measure(machine, commands(name), { cwd }));
  };
}

function newMachine(
  context: BenchContext,
  { prefix, commands, cwd }: StockedBuild,
  options: { name: string; layout: Layout; line: Line },
) {
  const { layout, line } = options;
  const flags = bucketFlags(context, { prefix, layout, endpoint: line.endpoint });
  return (run: number) => {
    const name = `thin-${options.name}-${run}`;
    return onRunner(context, { name, flags }, (machine) => measure(machine, commands(name), { cwd, line }));
  };
}

/** Its time by what the bytes that came take on such a line. */
function bySize({ seconds, traffic }: Sample, bytesPerSecond: number): number {
  return seconds / ((traffic?.receivedBytes ?? 0) / bytesPerSecond);
}
