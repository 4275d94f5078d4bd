import { resolve } from "node:path";
import { PROJECT_DIR } from "../../support/binary.ts";
import type { Machine } from "../../support/machine.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine } from "../line.ts";
import { bucketFlags, type Layout, onRunner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { medianOf } from "../statistics.ts";
import { BUILD_STD } from "../stock.ts";

/** How long go waits at the end, for uploads and for downloads in flight. */
export async function benchClose(context: BenchContext): Promise<string> {
  const { emptyDir: cwd, server, runs } = context;
  const warmPrefix = await context.stock.std();
  await using at0 = await openLine(server, { latencyMs: 0 });
  await using at50 = await openLine(server, { latencyMs: 50 });
  const build = (line: Line, layout: Layout, options: { what: string; isWarm: boolean }) => (run: number) => {
    const name = `close-${options.what}-${run}`;
    const prefix = options.isWarm ? warmPrefix : name;
    const flags = bucketFlags(context, { prefix, layout, endpoint: line.endpoint });
    return onRunner(context, { name, flags }, (machine) => measure(timed(machine), BUILD_STD, { cwd, line }));
  };
  const samples = await inTurns(runs, {
    "packed, empty bucket, S3 at 0 ms": build(at0, "packed", { what: "packed-0", isWarm: false }),
    "packed, empty bucket, S3 at 50 ms": build(at50, "packed", { what: "packed-50", isWarm: false }),
    "packed, warm bucket, S3 at 50 ms": build(at50, "packed", { what: "warm-50", isWarm: true }),
    "split, empty bucket, S3 at 50 ms": build(at50, "split", { what: "split-50", isWarm: false }),
  });
  return markdownTable(
    ["`go build std`, new machine", "from close to its answer"],
    Object.entries(samples).map(([label, own]) => [label, closeTime(own)]),
  );
}

function timed(machine: Machine): Machine {
  const timer = resolve(PROJECT_DIR, "test/bench/close-timer.ts");
  return { ...machine, cacheprog: `${process.execPath} ${timer} ${machine.cacheprog}` };
}

function closeTime(samples: Sample[]): string {
  return `${medianOf(samples, ({ counts }) => counts.close_ms ?? Number.NaN)} ms`;
}
