import { readFileSync } from "node:fs";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { plainEnv } from "../../support/process.ts";
import type { BenchContext } from "../context.ts";
import { bucketFlags } from "../machines.ts";

const START_MS = 2_000;
const IDLE_SECONDS = 15;
/** The runtime's garbage collector runs once a second for half a minute after the last work, then twice a minute. */
const LATER_SECONDS = 40;
const TICKS_PER_SECOND = 100;

/** The load of helpers without requests from go, which is most of a long test. */
export async function benchIdle(context: BenchContext): Promise<string> {
  const { dir, server } = context;
  const bucket = (layout: "packed" | "split") =>
    bucketFlags(context, { prefix: "idle", layout, endpoint: server.endpoint });
  const kinds = { "no bucket": [], packed: bucket("packed"), split: bucket("split") };
  const rows = Object.entries(kinds).map(async ([label, flags], index) => {
    const args = [`--cache-dir=${dir.join(`idle-${index}`)}`, ...flags];
    await using client = await CacheprogClient.start({ args, env: plainEnv(server.env), cwd: dir.path });
    await client.get(idOf("an unknown action"));
    await client.put(idOf("this"), Buffer.from("something"));
    await Bun.sleep(START_MS);
    const atOnce = await usedWhileIdle(client.pid);
    await Bun.sleep((LATER_SECONDS - IDLE_SECONDS) * 1000);
    const later = await usedWhileIdle(client.pid);
    return [label, `${atOnce} ms`, `${later} ms`, formatByteSize(client.peakRssBytes())];
  });
  return markdownTable(
    [
      "an idle helper: processor time",
      `in ${IDLE_SECONDS} s after its work`,
      `in ${IDLE_SECONDS} s, ${LATER_SECONDS} s later`,
      "peak memory",
    ],
    await Promise.all(rows),
  );
}

async function usedWhileIdle(pid: number): Promise<number> {
  const before = processorMs(pid);
  await Bun.sleep(IDLE_SECONDS * 1000);
  return processorMs(pid) - before;
}

/** User and system time of a process (`proc_pid_stat(5)`). */
function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}
