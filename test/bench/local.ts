import { formatByteSize } from "../../src/lib/byte-size.ts";
import { type GoMachine, NEWEST_GO } from "../support/go-toolchain.ts";
import { newMachine } from "../support/machine.ts";
import { markdownTable } from "../support/markdown-table.ts";
import { type BenchContext, buildStd, medianCount, medianRatio, type Sample, seconds } from "./measure.ts";

const PAIRS_PER_RUN = 5;

/** The second build on a machine: everything is on the local disk. Beside it go's own cache. */
export async function benchLocal({ dir, runs }: BenchContext): Promise<string> {
  const native: GoMachine = { release: NEWEST_GO, gocache: dir.join("local-native") };
  const ours = newMachine(dir.join("local-ours"), { flags: ["--metrics"] });
  await buildStd(native);
  await buildStd(ours);
  const samples: { native: Sample[]; ours: Sample[] } = { native: [], ours: [] };
  for (let i = 0; i < runs * PAIRS_PER_RUN; i++) {
    samples.native.push(await buildStd(native));
    samples.ours.push(await buildStd(ours));
  }
  const ratio = medianRatio(samples.ours, samples.native).toFixed(2);
  const memory = formatByteSize(medianCount(samples.ours, "peak_memory_bytes"));
  return markdownTable(
    ["`go build std`, all local", "wall", "by native", "hits", "peak memory of the helper"],
    [
      ["go's own cache", seconds(samples.native), "1", "", ""],
      [
        "go-cache-plugin",
        seconds(samples.ours),
        ratio,
        String(medianCount(samples.ours, "get_local_hit")),
        memory,
      ],
    ],
  );
}
