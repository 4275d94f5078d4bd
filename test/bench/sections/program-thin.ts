import type { BenchContext } from "../context.ts";
import { buildProgram } from "../stock.ts";
import { thinLineTable } from "../thin-line.ts";

/** A large program on a new machine, with a warm bucket and a line of low bandwidth. */
export async function benchProgramThin(context: BenchContext): Promise<string> {
  const { prefix, program } = await context.stock.program();
  return await thinLineTable(context, {
    title: "a large program (versitygw), new machine, warm bucket at 50 ms",
    prefix,
    cwd: program.dir,
    commands: (name) => buildProgram(program.mainPackage, context.dir.join(`${name}.out`)),
    lines: [
      { layout: "packed", megabytesPerSecond: 20 },
      { layout: "packed", megabytesPerSecond: 2 },
    ],
  });
}
