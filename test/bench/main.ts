/**
 * `npm run bench [-- SECTION… [--runs=N]]`: what the executable costs and saves, on this machine, in one run.
 * Ratios pair runs that followed each other; tables give medians. Sections: hello, local, cold, warm.
 */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { formatByteSize } from "../../src/lib/byte-size.ts";
import { NEWEST_GO } from "../support/go-toolchain.ts";
import { startS3Server } from "../support/s3-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { benchCold } from "./cold.ts";
import { benchHello } from "./hello.ts";
import { benchLocal } from "./local.ts";
import type { BenchContext } from "./measure.ts";
import { benchWarm } from "./warm.ts";

const SECTIONS = { hello: benchHello, local: benchLocal, cold: benchCold, warm: benchWarm } as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { runs: { type: "string", default: "3" } },
  });
  const names = positionals.length === 0 ? Object.keys(SECTIONS) : positionals;
  await using dir = tempDir("bench");
  await using server = await startS3Server();
  const context: BenchContext = { dir, server, runs: Number(values.runs) };
  const tables: string[] = [];
  for (const name of names) {
    if (!(name in SECTIONS))
      throw new Error(`unknown section ${name}; there are ${Object.keys(SECTIONS).join(", ")}`);
    console.error(`${name}…`);
    tables.push(await SECTIONS[name as keyof typeof SECTIONS](context));
  }
  console.log(`${machineLine()}\n\n${tables.join("\n\n")}`);
}

function machineLine(): string {
  const [cpu] = cpus();
  const memory = formatByteSize(totalmem());
  return `Measured on ${cpus().length} × ${cpu?.model}, ${memory} of memory, ${process.platform}, Go ${NEWEST_GO}, Bun ${Bun.version}.`;
}

await main();
