import { binaryPath } from "../../support/binary.ts";
import type { Machine } from "../../support/machine.ts";
import { type PluginServer, startPluginServer } from "../../support/plugin-server.ts";
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { bucketFlags, runner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { BUILD_STD } from "../stock.ts";
import { buildTable } from "../tables.ts";

const PAIRS_PER_RUN = 5;
const AT_ONCE = Array.from({ length: 4 }, () => BUILD_STD).flat();
const CROWD = Array.from({ length: 20 }, () => BUILD_STD).flat();

/** One server for all go commands of a machine: all local, one command and four at once; and on an empty disk. */
export async function benchServer(context: BenchContext): Promise<string> {
  const { emptyDir: cwd, runs } = context;
  const prefix = await context.stock.std();
  await using line = await openLine(context.server, { latencyMs: 50 });
  const flags = bucketFlags(context, { prefix, layout: "packed", endpoint: line.endpoint });
  const native = runner(context, { name: "server-native" });
  await measure(native, BUILD_STD, { cwd });

  const fresh: Sample[] = [];
  const crowd: Sample[] = [];
  for (let run = 0; run < runs; run++) {
    fresh.push(await onEmptyDisk(context, `fresh-${run}`, flags, BUILD_STD));
    crowd.push(await onEmptyDisk(context, `crowd-${run}`, flags, CROWD));
  }

  await using server = await serverOf(context, "local", flags);
  const machine = linked(context, "local", server);
  for (let round = 0; round < 2; round++) await measure(machine, BUILD_STD, { cwd });
  const build = (on: Machine) => () => measure(on, BUILD_STD, { cwd, line });
  const four = (on: Machine) => () => measure(on, AT_ONCE, { cwd, line, atOnce: true });
  const samples = await inTurns(runs * PAIRS_PER_RUN, {
    native: build(native),
    connect: build(machine),
    nativeFour: four(native),
    connectFour: four(machine),
  });
  return buildTable(
    "`go build std` through a server, S3 at 50 ms",
    ["by native"],
    [
      { label: "go's own cache, all local", samples: samples.native, by: [samples.native] },
      { label: "`connect`, all local", samples: samples.connect, by: [samples.native] },
      { label: "go's own cache, four at once", samples: samples.nativeFour, by: [samples.nativeFour] },
      { label: "`connect`, four at once", samples: samples.connectFour, by: [samples.nativeFour] },
      { label: "`connect`, empty disk (memory: the server's)", samples: fresh, by: [undefined] },
      {
        label: "`connect`, empty disk, twenty at once (memory: the server's)",
        samples: crowd,
        by: [undefined],
      },
    ],
  );
}

async function onEmptyDisk(
  context: BenchContext,
  name: string,
  flags: string[],
  commands: string[][],
): Promise<Sample> {
  await using server = await serverOf(context, name, flags);
  const sample = await measure(linked(context, name, server), commands, {
    cwd: context.emptyDir,
    atOnce: commands.length > 1,
  });
  return { ...sample, peakBytes: server.peakBytes() };
}

function serverOf(context: BenchContext, name: string, flags: string[]): Promise<PluginServer> {
  const cacheDir = context.dir.join(`server-${name}`, "gocache", "go-cache-plugin");
  return startPluginServer({ cacheDir, flags, env: context.server.env, cwd: context.emptyDir });
}

function linked(context: BenchContext, name: string, { plugin }: PluginServer): Machine {
  const machine = runner(context, { name: `server-${name}` });
  return { ...machine, cacheprog: [binaryPath(), "connect", plugin, "--metrics=json"].join(" ") };
}
