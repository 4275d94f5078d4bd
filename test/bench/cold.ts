import { type GoMachine, NEWEST_GO } from "../support/go-toolchain.ts";
import { farServer } from "./far-server.ts";
import { type BenchContext, buildStd, medianRatio, type Sample, seconds } from "./measure.ts";
import { LATENCIES_MS, remoteMachine, remoteRow, remoteTable } from "./remote-machine.ts";

/** Nothing is cached anywhere; the build fills the bucket, and its time includes that. */
export async function benchCold(context: BenchContext): Promise<string> {
  const rows: string[][] = [];
  for (const latencyMs of LATENCIES_MS) rows.push(...(await coldRows(context, latencyMs)));
  return remoteTable("`go build std`, nothing cached", rows);
}

async function coldRows(context: BenchContext, latencyMs: number): Promise<string[][]> {
  await using far = await farServer(context.server, latencyMs);
  const native: Sample[] = [];
  const ours: Sample[] = [];
  for (let run = 0; run < context.runs; run++) {
    const name = `cold-${latencyMs}-${run}`;
    const plain: GoMachine = { release: NEWEST_GO, gocache: context.dir.join(`${name}-native`) };
    native.push(await buildStd(plain));
    ours.push(await buildStd(remoteMachine(context, { name, prefix: name, endpoint: far.endpoint })));
  }
  const label = `S3 at ${latencyMs} ms`;
  return [
    [`${label}: go's own cache`, seconds(native), "1"],
    remoteRow(`${label}: go-cache-plugin`, ours, medianRatio(ours, native)),
  ];
}
