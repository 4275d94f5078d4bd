import { markdownTable } from "../../support/markdown-table.ts";
import type { BenchContext } from "../context.ts";
import { openLine, type Traffic } from "../line.ts";
import { bucketFlags, type Layout, onRunner } from "../machines.ts";
import { measure } from "../measure.ts";
import { BUILD_STD } from "../stock.ts";

/** S3's prices in US dollars per request: PUT and LIST, GET. */
const PUT_PRICE = 5 / 1e6;
const GET_PRICE = 0.4 / 1e6;
const BUILDS = 1000;

/** The cost of builds' requests on AWS. Counted once: they are always the same. */
export async function benchCost(context: BenchContext): Promise<string> {
  const rows = [...(await costRows(context, "packed")), ...(await costRows(context, "split"))];
  return markdownTable(
    ["`go build std` on a new machine", "GET", "LIST", "PUT", `requests of ${BUILDS} builds cost`],
    rows,
  );
}

async function costRows(context: BenchContext, layout: Layout): Promise<string[][]> {
  await using line = await openLine(context.server, { latencyMs: 0 });
  const flags = bucketFlags(context, { prefix: "cost", layout, endpoint: line.endpoint });
  const build = (name: string) =>
    onRunner(context, { name: `cost-${layout}-${name}`, flags }, (machine) =>
      measure(machine, BUILD_STD, { cwd: context.emptyDir, line }),
    );
  const cold = await build("cold");
  const warm = await build("warm");
  return [
    [`${layout}, empty bucket`, ...costCells(cold.traffic)],
    [`${layout}, warm bucket`, ...costCells(warm.traffic)],
  ];
}

function costCells(traffic: Traffic | undefined): string[] {
  const { get = 0, list = 0, put = 0 } = traffic ?? {};
  const dollars = BUILDS * (get * GET_PRICE + (list + put) * PUT_PRICE);
  return [...[get, list, put].map(String), `$${dollars.toFixed(3)}`];
}
