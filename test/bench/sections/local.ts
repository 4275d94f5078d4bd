import type { Machine } from "../../support/machine.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, type Layout, runner, withFlags } from "../machines.ts";
import { inTurns, measure } from "../measure.ts";
import { BUILD_STD } from "../stock.ts";
import { buildTable } from "../tables.ts";

const PAIRS_PER_RUN = 5;

/** The second build on a machine: everything is on the local disk. Compared with go's own cache. */
export async function benchLocal(context: BenchContext): Promise<string> {
  const { emptyDir: cwd, server, runs } = context;
  const prefix = await context.stock.std();
  await using line = await openLine(server, { latencyMs: 50 });
  await using near = await openLine(server, { latencyMs: 0 });
  const native = runner(context, { name: "local-native" });
  const alone = await stocked(context, "alone", prefix, "packed", near);
  const packed = await stocked(context, "packed", prefix, "packed", near);
  const split = await stocked(context, "split", prefix, "split", near);
  const build = (machine: Machine) => measure(machine, BUILD_STD, { cwd, line });
  const machines = {
    native,
    alone: withFlags(alone, []),
    packed: withFlags(packed, bucketFlags(context, { prefix, layout: "packed", endpoint: line.endpoint })),
    split: withFlags(split, bucketFlags(context, { prefix, layout: "split", endpoint: line.endpoint })),
  };
  // The first one may still have records to write.
  for (const machine of Object.values(machines)) await build(machine);
  const samples = await inTurns(runs * PAIRS_PER_RUN, {
    native: () => build(machines.native),
    alone: () => build(machines.alone),
    packed: () => build(machines.packed),
    split: () => build(machines.split),
  });
  return buildTable(
    "`go build std`, all local",
    ["by native"],
    [
      { label: "go's own cache", samples: samples.native, by: [samples.native] },
      { label: "go-cache-plugin, no bucket", samples: samples.alone, by: [samples.native] },
      { label: "go-cache-plugin, packed, S3 at 50 ms", samples: samples.packed, by: [samples.native] },
      { label: "go-cache-plugin, split, S3 at 50 ms", samples: samples.split, by: [samples.native] },
    ],
  );
}

/** A machine that has built everything, from a bucket nearby. */
async function stocked(
  context: BenchContext,
  name: string,
  prefix: string,
  layout: Layout,
  { endpoint }: Line,
): Promise<Machine> {
  const flags = bucketFlags(context, { prefix, layout, endpoint });
  const machine = runner(context, { name: `local-${name}`, flags });
  await measure(machine, BUILD_STD, { cwd: context.emptyDir });
  return machine;
}
