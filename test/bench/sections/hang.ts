import { chainModule } from "../../support/go-project.ts";
import { copyMachine } from "../../support/machine.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { bucketFlags, type Layout, onRunner, runner } from "../machines.ts";
import { inTurns, measure, type Sample } from "../measure.ts";
import { median, medianSeconds } from "../statistics.ts";
import { formatSeconds, hits } from "../tables.ts";

const COMMANDS = 20;

/** The cost of an S3 server that never answers, for go commands with lookups. */
export async function benchHang(context: BenchContext): Promise<string> {
  const { server, dir, runs } = context;
  await using line = await openLine(server, { latencyMs: 0, hangs: true });
  const cwd = dir.join("hang");
  for (let index = 0; index <= COMMANDS; index++)
    chainModule(dir.join("hang", `m${index}`), { name: `m${index}`, count: 3 });
  const used = runner(context, { name: "hang-used", flags: [] });
  await measure(used, [buildOf(COMMANDS)], { cwd });

  const play = (layout?: Layout) => async (run: number) => {
    const name = `hang-${layout ?? "none"}-${run}`;
    const flags = layout ? bucketFlags(context, { prefix: "hang", layout, endpoint: line.endpoint }) : [];
    return await onRunner(context, { name, flags }, async (machine) => {
      await copyMachine(used, dir.join(name));
      return await measure(
        machine,
        Array.from({ length: COMMANDS }, (_, i) => buildOf(i)),
        { cwd, line },
      );
    });
  };
  const { none, packed, split } = await inTurns(runs, {
    none: play(),
    packed: play("packed"),
    split: play("split"),
  });
  const row = (label: string, samples: Sample[]) => [
    label,
    formatSeconds(medianSeconds(samples)),
    formatSeconds(medianSeconds(samples) - medianSeconds(none)),
    formatSeconds(median(lostByEach(samples, none))),
    formatSeconds(Math.max(...lostByEach(samples, none))),
    hits(samples),
    String(median(samples.map(({ traffic }) => requests(traffic)))),
  ];
  return markdownTable(
    [
      `${COMMANDS} × \`go build\` in a row`,
      "wall",
      "lost in all",
      "by one, median",
      "by one, most",
      "hits",
      "requests",
    ],
    [row("no bucket", none), row("packed, S3 hangs", packed), row("split, S3 hangs", split)],
  );
}

function buildOf(index: number): string[] {
  return ["build", "-C", `m${index}`, "-o", "/dev/null", "."];
}

function lostByEach(samples: Sample[], none: Sample[]): number[] {
  const usual = Array.from({ length: COMMANDS }, (_, i) => median(none.map(({ each }) => each[i] ?? 0)));
  return samples.flatMap(({ each }) => each.map((seconds, i) => seconds - (usual[i] ?? 0)));
}

function requests(traffic: Sample["traffic"]): number {
  return (traffic?.get ?? 0) + (traffic?.list ?? 0) + (traffic?.put ?? 0);
}
