import { rm } from "node:fs/promises";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { plainEnv } from "../../support/process.ts";
import { BulkClient, type BulkCounts } from "../bulk-client.ts";
import type { BenchContext } from "../context.ts";
import { type Line, openLine, type Traffic } from "../line.ts";
import { bucketFlags, ciVariables } from "../machines.ts";
import { getRequest, putRequest } from "../scale-actions.ts";
import { median } from "../statistics.ts";
import { formatSeconds } from "../tables.ts";

const MISSES = 5;
const ADDED = 10;
/** What the session that adds looks up besides. */
const KNOWN = 100;

/** A project of that many actions: the first run, a new machine, and what a large index costs small commands. */
export async function benchScale(context: BenchContext): Promise<string> {
  const rows: string[][] = [];
  for (const count of context.actions) rows.push(...(await scaleRows(context, count)));
  const bytes = ["received", "sent", "index received", "index sent"];
  const requests = ["GET", "LIST", "PUT"];
  const times = ["wall", "per entry", "helper ends after"];
  return markdownTable(
    ["a project's actions, packed", ...times, "hits", ...requests, ...bytes, "peak memory"],
    rows,
  );
}

async function scaleRows(context: BenchContext, count: number): Promise<string[][]> {
  await using line = await openLine(context.server, { latencyMs: 0 });
  const name = `scale-${count}`;
  const one = machineOf(context, line, { name, machine: "one" });
  const get = (id: number, n: number) => getRequest(id, name, n);
  const put = (id: number, n: number) => putRequest(id, name, n);
  const label = (phase: string) => `${count.toLocaleString("en-US")}: ${phase}`;
  console.error(`  ${count} actions`);
  const filled = await phase(one, line, async (client) => {
    await client.send(count, put);
    return { hits: 0, misses: 0 };
  });
  // Its files would fill the disk.
  await rm(one.cacheDir, { recursive: true });
  const two = machineOf(context, line, { name, machine: "two" });
  const fetched = await phase(two, line, (client) => client.send(count, get));
  const local = await phase(two, line, (client) => client.send(count, get));
  const miss = await missSeconds(two);
  const added = await phase(two, line, async (client) => {
    const known = await client.send(KNOWN, get);
    await client.send(ADDED, (id, n) => put(id, count + n));
    return known;
  });
  await rm(two.cacheDir, { recursive: true });
  return [
    rowOf(label("put by one run"), filled, count),
    rowOf(label("a new machine"), fetched, count),
    rowOf(label("again, all local"), local, count),
    [label("the only look-up misses"), formatSeconds(miss), "", "", `0 of 1`, "", "", "", "", "", "", "", ""],
    rowOf(label(`${KNOWN} local, ${ADDED} put`), added, KNOWN + ADDED),
  ];
}

interface ScaleMachine {
  cacheDir: string;
  start: { args: string[]; env: Record<string, string>; cwd: string };
}

function machineOf(
  context: BenchContext,
  line: Line,
  { name, machine }: { name: string; machine: string },
): ScaleMachine {
  const { dir, server } = context;
  const cacheDir = dir.join(`${name}-${machine}`);
  const flags = bucketFlags(context, { prefix: name, layout: "packed", endpoint: line.endpoint });
  const env = plainEnv({ ...server.env, ...ciVariables() });
  return { cacheDir, start: { args: [`--cache-dir=${cacheDir}`, ...flags], env, cwd: context.emptyDir } };
}

/** A session from its start to the end of its helper. */
interface Phase {
  seconds: number;
  lingerSeconds: number;
  counts: BulkCounts;
  traffic: Traffic;
  peakBytes: number;
}

async function phase(
  { start }: ScaleMachine,
  line: Line,
  work: (client: BulkClient) => Promise<BulkCounts>,
): Promise<Phase> {
  await line.takeTraffic();
  const startedMs = performance.now();
  await using client = await BulkClient.start(start);
  const counts = await work(client);
  await client.close();
  const closedMs = performance.now();
  const { stderr, peakBytes } = await client.ended();
  const [seconds, lingerSeconds] = [(closedMs - startedMs) / 1000, (performance.now() - closedMs) / 1000];
  console.error(`  ${formatSeconds(seconds)} and ${formatSeconds(lingerSeconds)} ${stderr}`);
  return {
    seconds,
    lingerSeconds,
    counts,
    traffic: await line.takeTraffic(),
    peakBytes,
  };
}

/** From the request of an unknown action to its answer, each in a helper of its own. */
async function missSeconds({ start }: ScaleMachine): Promise<number> {
  const seconds: number[] = [];
  for (let n = 0; n < MISSES; n++) {
    await using client = await CacheprogClient.start(start);
    const startedMs = performance.now();
    await client.get(idOf(`unknown ${n}`));
    seconds.push((performance.now() - startedMs) / 1000);
    await client.close();
    await client.ended();
  }
  return median(seconds);
}

function rowOf(label: string, phase: Phase, entries: number): string[] {
  const { seconds, lingerSeconds, counts, traffic, peakBytes } = phase;
  const { hits, misses } = counts;
  const { receivedBytes, sentBytes, indexReceivedBytes, indexSentBytes } = traffic;
  return [
    label,
    formatSeconds(seconds),
    `${((1e6 * seconds) / entries).toFixed(0)} µs`,
    formatSeconds(lingerSeconds),
    hits + misses === 0 ? "" : `${hits} of ${hits + misses}`,
    ...[traffic.get, traffic.list, traffic.put].map(String),
    ...[receivedBytes, sentBytes, indexReceivedBytes, indexSentBytes, peakBytes].map(formatByteSize),
  ];
}
