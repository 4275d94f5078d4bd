/**
 * `npm run bench [-- SECTION… [--runs=N] [--actions=N,…]]`: the executable's costs and savings on this machine, in one
 * run.
 * Ratios pair consecutive runs; tables have medians, and the maximum of memory. `TMPDIR`: the directory for caches and
 * bucket; in memory, it measures the executable without the disk.
 */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { formatByteSize } from "../../src/lib/text/byte-size.ts";
import { NEWEST_GO } from "../support/go-toolchain.ts";
import { startS3Server } from "../support/s3-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import type { Section } from "./context.ts";
import { makeDir } from "./machines.ts";
import { benchBandwidth } from "./sections/bandwidth.ts";
import { benchClose } from "./sections/close.ts";
import { benchCold } from "./sections/cold.ts";
import { benchCommits } from "./sections/commits.ts";
import { benchCost } from "./sections/cost.ts";
import { benchCrowd } from "./sections/crowd.ts";
import { benchDownload } from "./sections/download.ts";
import { benchEdit } from "./sections/edit.ts";
import { benchGoModules } from "./sections/go-modules.ts";
import { benchHalf } from "./sections/half.ts";
import { benchHang } from "./sections/hang.ts";
import { benchHello } from "./sections/hello.ts";
import { benchIdle } from "./sections/idle.ts";
import { benchJob } from "./sections/job.ts";
import { benchLarge } from "./sections/large.ts";
import { benchLint } from "./sections/lint.ts";
import { benchLocal } from "./sections/local.ts";
import { benchModules } from "./sections/modules.ts";
import { benchNative } from "./sections/native.ts";
import { benchProgram } from "./sections/program.ts";
import { benchProgramThin } from "./sections/program-thin.ts";
import { benchRestore } from "./sections/restore.ts";
import { benchScale } from "./sections/scale.ts";
import { benchServer } from "./sections/server.ts";
import { benchSlow } from "./sections/slow.ts";
import { benchTests } from "./sections/tests.ts";
import { benchWarm } from "./sections/warm.ts";
import { lazyStock } from "./stock.ts";

const SECTIONS: Record<string, Section> = {
  hello: benchHello,
  local: benchLocal,
  warm: benchWarm,
  bandwidth: benchBandwidth,
  slow: benchSlow,
  cold: benchCold,
  close: benchClose,
  half: benchHalf,
  edit: benchEdit,
  tests: benchTests,
  crowd: benchCrowd,
  server: benchServer,
  modules: benchModules,
  program: benchProgram,
  "program-thin": benchProgramThin,
  commits: benchCommits,
  hang: benchHang,
  idle: benchIdle,
  large: benchLarge,
  download: benchDownload,
  cost: benchCost,
  restore: benchRestore,
  native: benchNative,
  job: benchJob,
  "go-modules": benchGoModules,
  lint: benchLint,
  scale: benchScale,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "3" },
      actions: { type: "string", default: "10000,100000" },
    },
  });
  const runs = Number(values.runs);
  if (!(runs >= 1)) throw new Error(`--runs=${values.runs} is no number of runs`);
  const actions = values.actions.split(",").map(Number);
  if (!actions.every((count) => count >= 100))
    throw new Error(`--actions=${values.actions}: 100 or more each`);
  const sections = (positionals.length === 0 ? Object.keys(SECTIONS) : positionals).map(findSection);
  await using dir = tempDir("bench");
  await using server = await startS3Server();
  const parts = { dir, emptyDir: makeDir({ dir }, "empty"), server, runs, actions };
  const context = { ...parts, stock: lazyStock(parts) };
  const tables: string[] = [];
  for (const { name, bench } of sections) {
    console.error(`${name}…`);
    const startedMs = performance.now();
    tables.push(await bench(context));
    console.error(`${name}: ${Math.round((performance.now() - startedMs) / 1000)} s\n\n${tables.at(-1)}\n`);
  }
  console.log(`${placeLine(dir.path)}\n\n${tables.join("\n\n")}`);
}

function findSection(name: string): { name: string; bench: Section } {
  const bench = SECTIONS[name];
  if (bench === undefined)
    throw new Error(`unknown section ${name}; there are ${Object.keys(SECTIONS).join(", ")}`);
  return { name, bench };
}

function placeLine(path: string): string {
  const [cpu] = cpus();
  const memory = formatByteSize(totalmem());
  const fileSystem = Bun.spawnSync(["stat", "-f", "-c", "%T", path]).stdout.toString().trim();
  return `Measured on ${cpus().length} × ${cpu?.model}, ${memory} of memory, ${process.platform}, Go ${NEWEST_GO}, Bun ${Bun.version}; caches and bucket on ${fileSystem}.`;
}

await main();
