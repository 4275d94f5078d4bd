import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { bucketFlags, onRunner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { medianOf } from "../statistics.ts";
import { BUILD_STD } from "../stock.ts";
import { buildTable } from "../tables.ts";

const CROWD = 20;

/** Many go commands at once on a machine with an empty disk: together they should fetch as much as one. */
export async function benchCrowd(context: BenchContext): Promise<string> {
  const { emptyDir: cwd, server, runs } = context;
  const prefix = await context.stock.std();
  await using line = await openLine(server, { latencyMs: 50 });
  const newMachine = (count: number) => (run: number) => {
    const name = `crowd-${count}-${run}`;
    const flags = bucketFlags(context, { prefix, layout: "packed", endpoint: line.endpoint });
    const commands = Array.from({ length: count }, () => BUILD_STD).flat();
    return onRunner(context, { name, flags }, (machine) =>
      measure(machine, commands, { cwd, line, atOnce: true }),
    );
  };
  const samples = await inTurns(runs, { one: newMachine(1), many: newMachine(CROWD) });
  const bytes = (own: Sample[]) => medianOf(own, ({ traffic }) => traffic?.receivedBytes ?? 0);
  return buildTable(
    "`go build std` at once, new machine, warm bucket, packed, S3 at 50 ms",
    ["by one", "bytes by one"],
    [
      { label: "1 command", samples: samples.one, by: [samples.one, 1] },
      {
        label: `${CROWD} commands`,
        samples: samples.many,
        by: [samples.one, bytes(samples.many) / bytes(samples.one)],
      },
    ],
  );
}
