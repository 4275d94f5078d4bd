import { readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { BenchContext } from "../context.ts";
import { writeGraph } from "../graph-module.ts";
import { openLine } from "../line.ts";
import { bucketFlags, onRunner } from "../machines.ts";
import { measure, type Sample } from "../measure.ts";
import { buildTable, type Row } from "../tables.ts";

const COMMITS = 30;
const SHOWN = [1, 2, 3, 10, 20, 30];
const LAYERS = 6;
const WIDTH = 10;

/**
 * Consecutive CI runs, each with an empty disk and a new checkout: new directory, new times of files, two packages
 * edited since the previous run. The cost of a run must not grow with their number.
 */
export async function benchCommits(context: BenchContext): Promise<string> {
  await using line = await openLine(context.server, { latencyMs: 50 });
  const flags = bucketFlags(context, { prefix: "commits", layout: "packed", endpoint: line.endpoint });
  const samples: Sample[] = [];
  for (let commit = 1; commit <= COMMITS; commit++) {
    console.error(`  commit ${commit}`);
    const cwd = context.dir.join(`checkout-${commit}`);
    checkOut(cwd, commit);
    const build = [["build", "-trimpath", "./..."]];
    samples.push(
      await onRunner(context, { name: `commits-${commit}`, flags }, (machine) =>
        measure(machine, build, { cwd, line }),
      ),
    );
    rmSync(cwd, { recursive: true });
  }
  return buildTable(
    `\`go build -trimpath ./...\`, ${LAYERS * WIDTH} packages, ${COMMITS} commits in a row, packed, S3 at 50 ms`,
    ["by run 2", "bytes by run 2", "requests by run 2"],
    SHOWN.map((commit) => commitRow(commit, samples)),
  );
}

function commitRow(commit: number, samples: Sample[]): Row {
  const [own, second] = [samples[commit - 1], samples[1]] as [Sample, Sample];
  const ratio = (value: (sample: Sample) => number) => value(own) / value(second);
  return {
    label: `run ${commit}`,
    samples: [own],
    by: [ratio(({ seconds }) => seconds), ratio(bytesOf), ratio(requestsOf)],
  };
}

function bytesOf({ traffic }: Sample): number {
  return (traffic?.receivedBytes ?? 0) + (traffic?.sentBytes ?? 0);
}

function requestsOf({ traffic }: Sample): number {
  return (traffic?.get ?? 0) + (traffic?.list ?? 0) + (traffic?.put ?? 0);
}

function checkOut(dir: string, commit: number): void {
  writeGraph(dir, { name: "commits", layers: LAYERS, width: WIDTH, text: textAt(commit) });
  // A minute ago, and always different: go remembers directories by the times of their files.
  const time = Date.now() / 1000 - 60;
  for (const name of readdirSync(dir, { recursive: true })) utimesSync(join(dir, String(name)), time, time);
}

/**
 * Each commit edits a package of the middle and one of the uppermost layer; its constant is the last commit that edited
 * it.
 */
function textAt(commit: number): (layer: number, index: number) => string {
  return (layer, index) => {
    for (let number = commit; number > 1; number--) {
      const isMiddle = layer === LAYERS / 2 && index === number % WIDTH;
      const isUpper = layer === LAYERS - 1 && index === (3 * number) % WIDTH;
      if (isMiddle || isUpper) return `commit ${number}`;
    }
    return "the first commit";
  };
}
