import type { BenchContext } from "../context.ts";
import { BUILD_STD } from "../stock.ts";
import { thinLineTable } from "../thin-line.ts";

/** A new machine and a warm bucket with a line of low bandwidth. */
export async function benchBandwidth(context: BenchContext): Promise<string> {
  return await thinLineTable(context, {
    title: "`go build std`, new machine, warm bucket at 50 ms",
    prefix: await context.stock.std(),
    cwd: context.emptyDir,
    commands: () => BUILD_STD,
    lines: [
      { layout: "packed", megabytesPerSecond: 20 },
      { layout: "packed", megabytesPerSecond: 2 },
      { layout: "split", megabytesPerSecond: 20 },
    ],
  });
}
