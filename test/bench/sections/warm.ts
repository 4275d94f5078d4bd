import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, type Layout, onRunner, runner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { medianSeconds } from "../statistics.ts";
import { BUILD_STD } from "../stock.ts";
import { buildTable, type Row } from "../tables.ts";

/** Fast builds are measured this many times for each slow one (a minute). */
const SHORT_PER_RUN = 3;

/** A new machine with an empty disk; another one has filled the bucket. */
export async function benchWarm(context: BenchContext): Promise<string> {
  const { emptyDir: cwd, server, runs } = context;
  const prefix = await context.stock.std();
  const native = runner(context, { name: "warm-native" });
  await measure(native, BUILD_STD, { cwd });
  await using at0 = await openLine(server, { latencyMs: 0 });
  await using at10 = await openLine(server, { latencyMs: 10 });
  await using at50 = await openLine(server, { latencyMs: 50 });
  await using at100 = await openLine(server, { latencyMs: 100 });
  const newMachine = (line: Line, layout: Layout) => (run: number) => {
    const flags = bucketFlags(context, { prefix, layout, endpoint: line.endpoint });
    const name = `warm-${layout}-${run}`;
    return onRunner(context, { name, flags }, (machine) => measure(machine, BUILD_STD, { cwd, line }));
  };
  const { split50 } = await inTurns(runs, { split50: newMachine(at50, "split") });
  const { local, packed0, packed10, packed50, packed100, split0 } = await inTurns(runs * SHORT_PER_RUN, {
    local: () => measure(native, BUILD_STD, { cwd }),
    packed0: newMachine(at0, "packed"),
    packed50: newMachine(at50, "packed"),
    packed10: newMachine(at10, "packed"),
    packed100: newMachine(at100, "packed"),
    split0: newMachine(at0, "split"),
  });
  const row = (label: string, samples: Sample[], by0: Sample[] | number): Row => ({
    label,
    samples,
    by: [
      medianSeconds(samples) / medianSeconds(local),
      by0,
      medianSeconds(samples) / medianSeconds(packed50),
    ],
  });
  return buildTable(
    "`go build std`, new machine, warm bucket",
    ["by native", "by 0 ms", "by packed at 50 ms"],
    [
      { label: "go's own cache, all local", samples: local, by: [local] },
      row("packed, S3 at 0 ms", packed0, packed0),
      row("packed, S3 at 10 ms", packed10, packed0),
      row("packed, S3 at 50 ms", packed50, packed0),
      row("packed, S3 at 100 ms", packed100, packed0),
      row("split, S3 at 0 ms", split0, split0),
      row("split, S3 at 50 ms", split50, medianSeconds(split50) / medianSeconds(split0)),
    ],
  );
}
