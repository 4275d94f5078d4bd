import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, type Layout, onRunner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { buildProgram } from "../stock.ts";
import { buildTable } from "../tables.ts";

/** A real program of several hundred packages on a new machine; another one has filled the bucket. */
export async function benchProgram(context: BenchContext): Promise<string> {
  const { server, dir, runs } = context;
  const { prefix, program } = await context.stock.program();
  await using at0 = await openLine(server, { latencyMs: 0 });
  await using at50 = await openLine(server, { latencyMs: 50 });
  const local: Sample[] = [];
  const newMachine =
    (line: Line, layout: Layout, options: { what: string; again?: Sample[] }) => (run: number) => {
      const name = `program-${options.what}-${run}`;
      const flags = bucketFlags(context, { prefix, layout, endpoint: line.endpoint });
      return onRunner(context, { name, flags }, async (machine) => {
        const build = (out: string) =>
          measure(machine, buildProgram(program.mainPackage, dir.join(out)), { cwd: program.dir, line });
        const sample = await build(`${name}.out`);
        options.again?.push(await build(`${name}-again.out`));
        return sample;
      });
    };
  const samples = await inTurns(runs, {
    packed0: newMachine(at0, "packed", { what: "packed-0" }),
    packed50: newMachine(at50, "packed", { what: "packed-50", again: local }),
    split0: newMachine(at0, "split", { what: "split-0" }),
    split50: newMachine(at50, "split", { what: "split-50" }),
  });
  return buildTable(
    "a large program (versitygw), new machine, warm bucket",
    ["by 0 ms", "by packed at 50 ms"],
    [
      { label: "packed, S3 at 0 ms", samples: samples.packed0, by: [samples.packed0, samples.packed50] },
      { label: "packed, S3 at 50 ms", samples: samples.packed50, by: [samples.packed0, samples.packed50] },
      { label: "the same once more, only linked", samples: local, by: [undefined, samples.packed50] },
      { label: "split, S3 at 0 ms", samples: samples.split0, by: [samples.split0, samples.packed50] },
      { label: "split, S3 at 50 ms", samples: samples.split50, by: [samples.split0, samples.packed50] },
    ],
  );
}
