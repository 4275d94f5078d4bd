/** Lines of low bandwidth: 50 ms, and a second round trip for a new connection, as with TLS. */
import type { BenchContext } from "./context.ts";
import { openLine } from "./line.ts";
import { bucketFlags, type Layout, onRunner } from "./machines.ts";
import { inTurns, measure, type Sample } from "./measure.ts";
import { medianOf, medianSeconds } from "./statistics.ts";
import { buildTable, type Row } from "./tables.ts";

/** A build with its outputs in the bucket. */
export interface StockedBuild {
  title: string;
  prefix: string;
  cwd: string;
  /** The commands; `name` may be part of the name of their output. */
  commands: (name: string) => string[][];
  lines: { layout: Layout; megabytesPerSecond: number }[];
}

interface ThinLine {
  label: string;
  bytesPerSecond: number;
  build: (run: number) => Promise<Sample>;
}

/** New machines with such lines, and one without any cache. */
export async function thinLineTable(context: BenchContext, build: StockedBuild): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const local: Sample[] = [];
  const lines: ThinLine[] = [];
  for (const line of build.lines) lines.push(await openThinLine(context, build, { ...line, stack, local }));
  const variants = lines.map(({ label, build }) => [label, build] as const);
  const samples = await inTurns(
    context.runs,
    Object.fromEntries([["no cache", withoutCache(context, build)], ...variants]),
  );
  const none = samples["no cache"] ?? [];
  const localSeconds = medianSeconds(local);
  return buildTable(
    build.title,
    ["by no cache", "by bytes ÷ width", "by that and the local build"],
    [
      { label: "no cache", samples: none, by: [none] },
      ...lines.map((line) => rowOf(line, { samples: samples[line.label] ?? [], none, localSeconds })),
      { label: "once more, all local", samples: local, by: [medianSeconds(local) / medianSeconds(none)] },
    ],
  );
}

function rowOf(
  { label, bytesPerSecond }: ThinLine,
  { samples, none, localSeconds }: { samples: Sample[]; none: Sample[]; localSeconds: number },
): Row {
  const lineSeconds = medianOf(samples, ({ traffic }) => (traffic?.receivedBytes ?? 0) / bytesPerSecond);
  const seconds = medianSeconds(samples);
  return { label, samples, by: [none, seconds / lineSeconds, seconds / (lineSeconds + localSeconds)] };
}

function withoutCache(context: BenchContext, { commands, cwd }: StockedBuild) {
  return (run: number) => {
    const name = `thin-none-${run}`;
    return onRunner(context, { name }, (machine) => measure(machine, commands(name), { cwd }));
  };
}

/** `local` collects the time of the same build again on that machine. */
async function openThinLine(
  context: BenchContext,
  { prefix, commands, cwd }: StockedBuild,
  options: { layout: Layout; megabytesPerSecond: number; stack: AsyncDisposableStack; local: Sample[] },
): Promise<ThinLine> {
  const { layout, megabytesPerSecond, stack, local } = options;
  const bytesPerSecond = megabytesPerSecond * 1e6;
  const label = `${layout}, ${megabytesPerSecond} MB/s`;
  const line = stack.use(
    await openLine(context.server, { latencyMs: 50, connectionTrips: 2, bytesPerSecond }),
  );
  const flags = bucketFlags(context, { prefix, layout, endpoint: line.endpoint });
  const build = (run: number) => {
    const name = `thin-${layout}-${megabytesPerSecond}-${run}`;
    return onRunner(context, { name, flags }, async (machine) => {
      const sample = await measure(machine, commands(name), { cwd, line });
      local.push(await measure(machine, commands(`${name}-again`), { cwd, line }));
      return sample;
    });
  };
  return { label, bytesPerSecond, build };
}
