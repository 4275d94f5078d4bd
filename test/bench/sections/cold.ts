import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, type Layout, onRunner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { BUILD_STD } from "../stock.ts";
import { buildTable, type Row } from "../tables.ts";

/** Nothing is cached anywhere; the build fills the bucket, and its time includes that. */
export async function benchCold(context: BenchContext): Promise<string> {
  const { emptyDir: cwd, server, runs } = context;
  await using at0 = await openLine(server, { latencyMs: 0 });
  await using at50 = await openLine(server, { latencyMs: 50 });
  const empty = (line: Line, layout: Layout, what: string) => (run: number) => {
    const name = `cold-${what}-${run}`;
    const flags = bucketFlags(context, { prefix: name, layout, endpoint: line.endpoint });
    return onRunner(context, { name, flags }, (machine) => measure(machine, BUILD_STD, { cwd, line }));
  };
  const samples = await inTurns(runs, {
    packed0: empty(at0, "packed", "packed-0"),
    native: (run) =>
      onRunner(context, { name: `cold-native-${run}` }, (machine) => measure(machine, BUILD_STD, { cwd })),
    packed50: empty(at50, "packed", "packed-50"),
    split0: empty(at0, "split", "split-0"),
    split50: empty(at50, "split", "split-50"),
  });
  const row = (label: string, own: Sample[]): Row => ({ label, samples: own, by: [samples.native] });
  return buildTable(
    "`go build std`, nothing cached",
    ["by native"],
    [
      row("go's own cache", samples.native),
      row("packed, S3 at 0 ms", samples.packed0),
      row("packed, S3 at 50 ms", samples.packed50),
      row("split, S3 at 0 ms", samples.split0),
      row("split, S3 at 50 ms", samples.split50),
    ],
  );
}
