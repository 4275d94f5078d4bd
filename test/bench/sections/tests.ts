import { writeModule } from "../../support/go-project.ts";
import type { Machine } from "../../support/machine.ts";
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { bucketFlags, type Layout, runner, withFlags } from "../machines.ts";
import { inTurns, measure, type Sample, total } from "../measure.ts";
import { buildTable, type Row } from "../tables.ts";

const MOST_PACKAGES = 200;
const PACKAGES_PER_RUN = 50;
/** Consecutive commands without a pause before another machine's turn. */
const BLOCK = 10;

/** Many small `go test ./pkg`, one after the other. */
export async function benchTests(context: BenchContext): Promise<string> {
  const { server, dir, runs } = context;
  const count = Math.min(MOST_PACKAGES, runs * PACKAGES_PER_RUN);
  const cwd = writeTests(dir.join("tests"), count);
  await using line = await openLine(server, { latencyMs: 50 });
  await using near = await openLine(server, { latencyMs: 0 });

  const flags = (layout: Layout, { endpoint } = line) =>
    bucketFlags(context, { prefix: "tests", layout, endpoint });
  /** A machine with the standard library. */
  const used = async (name: string, layout?: Layout): Promise<Machine> => {
    const machine = runner(context, { name: `tests-${name}`, flags: layout && flags(layout, near) });
    await measure(machine, [["test", "./warming"]], { cwd });
    return layout === undefined ? machine : withFlags(machine, flags(layout));
  };
  const fresh = (layout: Layout) => runner(context, { name: `tests-new-${layout}`, flags: flags(layout) });
  const testAll = async (machines: Record<"native" | "packed" | "split", Machine>) => {
    const block = (machine: Machine) => (number: number) =>
      measure(machine, testCommands(number * BLOCK, BLOCK), { cwd, line });
    const { native, packed, split } = await inTurns(count / BLOCK, {
      native: block(machines.native),
      packed: block(machines.packed),
      split: block(machines.split),
    });
    return { native: [total(native)], packed: [total(packed)], split: [total(split)] };
  };

  const native = await used("native");
  const packed = await used("packed", "packed");
  const split = await used("split", "split");
  const first = await testAll({ native, packed, split });
  const again = await testAll({ native, packed, split });
  const elsewhere = await testAll({ native, packed: fresh("packed"), split: fresh("split") });
  return buildTable(
    `${count} × \`go test ./pkg\` in a row, S3 at 50 ms`,
    ["by native"],
    [
      ...rows("tests are new", first),
      ...rows("once more", again),
      ...rows("new machine, warm bucket", elsewhere),
    ],
  );
}

function rows(what: string, samples: Record<"native" | "packed" | "split", Sample[]>): Row[] {
  const { native, packed, split } = samples;
  return [
    { label: `${what}: go's own cache`, samples: native, by: [native] },
    { label: `${what}: packed`, samples: packed, by: [native] },
    { label: `${what}: split`, samples: split, by: [native] },
  ];
}

/** `go test` of so many packages of `writeTests`. */
export function testCommands(first: number, count: number): string[][] {
  return Array.from({ length: count }, (_, index) => ["test", `./p${first + index}`]);
}

/** A module of so many small packages with a test each, and one more: `./warming`. */
export function writeTests(dir: string, count: number): string {
  const names = ["warming", ...Array.from({ length: count }, (_, index) => `p${index}`)];
  const files = names.flatMap((name) => [
    [
      `${name}/p.go`,
      `// Package ${name} is small.\npackage ${name}\n\n// Name is its name.\nfunc Name() string { return "${name}" }\n`,
    ],
    [
      `${name}/p_test.go`,
      `package ${name}\n\nimport "testing"\n\nfunc TestName(t *testing.T) {\n\tif Name() != "${name}" {\n\t\tt.Fatal(Name())\n\t}\n}\n`,
    ],
  ]);
  return writeModule(dir, "example.com/tests", Object.fromEntries(files));
}
