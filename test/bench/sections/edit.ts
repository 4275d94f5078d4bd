import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeModule } from "../../support/go-project.ts";
import type { Machine } from "../../support/machine.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, type Layout, laptop, runner, withFlags } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { fill } from "../stock.ts";
import { buildTable, type Row } from "../tables.ts";

interface Pause {
  pauseMs: number;
  /** Edits on one machine. */
  edits: number;
}

const EDITS_PER_RUN = 5;
/** Commands that follow each other less than ten seconds apart share their uploads; these do not. */
const SHORT_PAUSE: Pause = { pauseMs: 15_000, edits: 2 };
/** A helper considers its copy of the bucket's records fresh for a minute. */
const LONG_PAUSE: Pause = { pauseMs: 61_000, edits: 1 };

interface Program {
  name: string;
  /** Its uses of the standard library: package and statement. */
  uses: Record<string, string>;
}

const SMALL: Program = { name: "small", uses: { fmt: "fmt.Print()" } };
const SERVER: Program = {
  name: "server",
  uses: { "encoding/json": "json.Valid(nil)", "net/http": "http.NotFoundHandler()" },
};

type NewMachine = typeof laptop;

interface Lines {
  near: Line;
  far: Line;
}

type Edit = (version: string) => Promise<Sample>;
type Variants = Record<"native" | "packed" | "split", Edit>;

/** One line of a main package was edited, mostly on a developer's machine, with everything else on its disk. */
export async function benchEdit(context: BenchContext): Promise<string> {
  await using near = await openLine(context.server, { latencyMs: 0 });
  await using far = await openLine(context.server, { latencyMs: 50 });
  const lines = { near, far };
  const edits = context.runs * EDITS_PER_RUN;
  const small = await variantsOf(context, SMALL, lines, laptop);
  const server = await variantsOf(context, SERVER, lines, laptop);
  const alone = (pause: Pause, newMachine: NewMachine) => editAfterPauses(context, lines, pause, newMachine);
  return buildTable(
    "`go build` after one line of the main package was edited, S3 at 50 ms",
    ["by native"],
    [
      ...rows("small program, in a row", await editInTurns(small, edits)),
      ...rows("web server, in a row", await editInTurns(server, edits)),
      ...rows("small program, 15 s after the last", await alone(SHORT_PAUSE, laptop)),
      ...rows("small program, a minute after the last", await alone(LONG_PAUSE, laptop)),
      ...rows("small program, 15 s after the last, in CI", await alone(SHORT_PAUSE, runner)),
    ],
  );
}

function editInTurns({ native, packed, split }: Variants, edits: number, what = "edit") {
  return inTurns(edits, {
    native: (run) => native(`${what} ${run}`),
    packed: (run) => packed(`${what} ${run}`),
    split: (run) => split(`${what} ${run}`),
  });
}

/** Each run uses new machines: a machine that finds nothing new in the bucket lists it less often. */
async function editAfterPauses(
  context: BenchContext,
  lines: Lines,
  { pauseMs, edits }: Pause,
  newMachine: NewMachine,
) {
  const all: Record<keyof Variants, Sample[]> = { native: [], packed: [], split: [] };
  for (let run = 0; run < context.runs; run++) {
    const name = `${newMachine.name}-${pauseMs}-${run}`;
    const variants = await variantsOf(context, { ...SMALL, name }, lines, newMachine);
    for (let edit = 0; edit < edits; edit++) {
      console.error("  a pause");
      await Bun.sleep(pauseMs);
      const samples = await editInTurns(variants, 1, `after pause ${edit}`);
      for (const name of ["native", "packed", "split"] as const) all[name].push(...samples[name]);
    }
  }
  return all;
}

function rows(what: string, { native, packed, split }: Record<keyof Variants, Sample[]>): Row[] {
  return [
    { label: `${what}: go's own cache`, samples: native, by: [native] },
    { label: `${what}: packed`, samples: packed, by: [native] },
    { label: `${what}: split`, samples: split, by: [native] },
  ];
}

/** Machines that have built the program; each returned function edits it and builds it on one of them. */
async function variantsOf(
  context: BenchContext,
  program: Program,
  { near, far }: Lines,
  newMachine: NewMachine,
): Promise<Variants> {
  const cwd = context.dir.join(`edit-${program.name}`);
  const prefix = `edit-${program.name}`;
  writeModule(cwd, `example.com/${program.name}`, { "main.go": source(program, "before") });
  const build = (name: string) => [["build", "-o", context.dir.join(`${prefix}-${name}.out`), "."]];
  await fill(context, prefix, build("fill"), cwd);

  const edit = (name: string, machine: Machine) => async (version: string) => {
    writeFileSync(join(cwd, "main.go"), source(program, version));
    return await measure(machine, build(name), { cwd, line: far });
  };
  const withBucket = async (layout: Layout) => {
    const flags = ({ endpoint }: Line) => bucketFlags(context, { prefix, layout, endpoint });
    const machine = newMachine(context, { name: `${prefix}-${layout}`, flags: flags(near) });
    await measure(machine, build(layout), { cwd });
    return edit(layout, withFlags(machine, flags(far)));
  };
  const machine = newMachine(context, { name: `${prefix}-native` });
  await measure(machine, build("native"), { cwd });
  const variants = {
    native: edit("native", machine),
    packed: await withBucket("packed"),
    split: await withBucket("split"),
  };
  // The first one over the slow line has not read the bucket's records yet.
  for (const build of Object.values(variants)) await build("warming up");
  return variants;
}

function source({ uses }: Program, version: string): string {
  return `package main

import (
${Object.keys(uses)
  .map((path) => `\t"${path}"`)
  .join("\n")}
)

func main() {
	println("${version}")
${Object.values(uses)
  .map((statement) => `\t${statement}`)
  .join("\n")}
}
`;
}
