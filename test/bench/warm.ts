import { farServer } from "./far-server.ts";
import { type BenchContext, buildStd, type Sample } from "./measure.ts";
import { LATENCIES_MS, remoteMachine, remoteRow, remoteTable } from "./remote-machine.ts";

/** A new machine with an empty disk; another one has filled the bucket. */
export async function benchWarm(context: BenchContext): Promise<string> {
  const prefix = "warm";
  await buildStd(remoteMachine(context, { name: "warm-first", prefix, endpoint: context.server.endpoint }));
  const rows: string[][] = [];
  for (const latencyMs of LATENCIES_MS) {
    await using far = await farServer(context.server, latencyMs);
    const samples: Sample[] = [];
    for (let run = 0; run < context.runs; run++) {
      const name = `warm-${latencyMs}-${run}`;
      samples.push(await buildStd(remoteMachine(context, { name, prefix, endpoint: far.endpoint })));
    }
    rows.push(remoteRow(`S3 at ${latencyMs} ms`, samples));
  }
  return remoteTable("`go build std`, new machine, warm bucket", rows);
}
