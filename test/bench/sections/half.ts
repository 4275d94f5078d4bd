import { copyToBucket } from "../../support/bucket-copy.ts";
import { copyMachine } from "../../support/machine.ts";
import type { BenchContext } from "../context.ts";
import { writeGraph } from "../graph-module.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, type Layout, onRunner, runner } from "../machines.ts";
import { inTurns, measure } from "../measure.ts";
import { medianSeconds } from "../statistics.ts";
import { fill } from "../stock.ts";
import { buildTable } from "../tables.ts";

const LAYERS = 10;
const WIDTH = 20;
/** Fast builds are measured this many times for each slow one (half a minute). */
const SHORT_PER_RUN = 3;
const COMMANDS = [["build", "./..."]];

/**
 * The upper half of a graph of packages was edited since the bucket was filled; the lower half is fetched from there.
 */
export async function benchHalf(context: BenchContext): Promise<string> {
  const { server, dir, runs } = context;
  const cwd = dir.join("half");
  const write = (version: string) =>
    writeGraph(cwd, {
      name: "half",
      layers: LAYERS,
      width: WIDTH,
      text: (layer) => (layer < LAYERS / 2 ? "as it was" : version),
    });
  write("as it was");
  await fill(context, "half", COMMANDS, cwd);
  const before = runner(context, { name: "half-native" });
  await measure(before, COMMANDS, { cwd });
  await using at0 = await openLine(server, { latencyMs: 0 });
  await using at50 = await openLine(server, { latencyMs: 50 });

  const native = async (run: number) => {
    const name = `half-native-${run}`;
    return await onRunner(context, { name }, async (machine) => {
      await copyMachine(before, dir.join(name));
      write(`edit ${run}`);
      return await measure(machine, COMMANDS, { cwd });
    });
  };
  const newMachine = (line: Line, layout: Layout, what: string) => async (run: number) => {
    const name = `half-${what}-${run}`;
    await copyToBucket(context.server, "half", name);
    write(`edit ${run}`);
    const server = { ...context.server, bucket: name };
    const flags = bucketFlags({ server }, { prefix: "half", layout, endpoint: line.endpoint });
    return await onRunner(context, { name, flags }, (machine) => measure(machine, COMMANDS, { cwd, line }));
  };
  const { split50 } = await inTurns(runs, { split50: newMachine(at50, "split", "split-50") });
  const samples = await inTurns(runs * SHORT_PER_RUN, {
    native,
    packed0: newMachine(at0, "packed", "packed-0"),
    packed50: newMachine(at50, "packed", "packed-50"),
    split0: newMachine(at0, "split", "split-0"),
  });
  const { native: own, packed0, packed50, split0 } = samples;
  const slow = medianSeconds(split50);
  return buildTable(
    `\`go build ./...\`, ${LAYERS * WIDTH} packages, half of them edited, new machine`,
    ["by native", "by 0 ms"],
    [
      { label: "go's own cache, what was not edited is local", samples: own, by: [own] },
      { label: "packed, S3 at 0 ms", samples: packed0, by: [own, packed0] },
      { label: "packed, S3 at 50 ms", samples: packed50, by: [own, packed0] },
      { label: "split, S3 at 0 ms", samples: split0, by: [own, split0] },
      {
        label: "split, S3 at 50 ms",
        samples: split50,
        by: [slow / medianSeconds(own), slow / medianSeconds(split0)],
      },
    ],
  );
}
