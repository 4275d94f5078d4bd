/** A linter over a real program: on a new machine after `restore`, on one that has linted it before, and without caches. */
import { renameSync, rmSync } from "node:fs";
import { goInstall } from "../../support/go-install.ts";
import { type GoMachine, goEnv } from "../../support/go-toolchain.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { run } from "../../support/process.ts";
import { realProgram } from "../../support/real-program.ts";
import { LINTER_GO, STATICCHECK } from "../../support/tools.ts";
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { inTurns } from "../measure.ts";
import { nativeRunner, runNative } from "../native-machine.ts";
import { medianRatio, medianSeconds } from "../statistics.ts";
import { formatSeconds } from "../tables.ts";

const LATENCY_MS = 50;
const PREFIX = "lint";

interface Sample {
  seconds: number;
  findings: string;
}

export async function benchLint(context: BenchContext): Promise<string> {
  const { dir: cwd } = await realProgram(context.dir.join("lint-program"));
  const argv = [await goInstall(STATICCHECK), "-fail=", "./..."];
  await using line = await openLine(context.server, { latencyMs: LATENCY_MS });
  // All machines have their caches at one path, as runners of a CI do: staticcheck's results depend on it.
  const machineDir = context.dir.join(PREFIX);
  const keptDir = context.dir.join(`${PREFIX}-kept`);
  const newMachine = (): GoMachine => ({ ...nativeRunner(context, PREFIX), release: LINTER_GO });
  const lint = async (machine: GoMachine, startedMs = performance.now()): Promise<Sample> => {
    const { stdout, stderr, exitCode } = await run(argv, { cwd, env: await goEnv(machine) });
    if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stdout}${stderr}`);
    return { seconds: (performance.now() - startedMs) / 1000, findings: stdout };
  };
  console.error("  filling the bucket");
  const machine = newMachine();
  const { findings } = await lint(machine);
  const place = { prefix: PREFIX, endpoint: context.server.endpoint };
  await runNative(context, "save", { machine, place, cwd });
  renameSync(machineDir, keptDir);
  const checked = (sample: Sample): Sample => {
    if (sample.findings !== findings) throw new Error(`other findings:\n${sample.findings}`);
    return sample;
  };
  const onNewMachine = async (work: (machine: GoMachine) => Promise<Sample>) => {
    const sample = checked(await work(newMachine()));
    rmSync(machineDir, { recursive: true });
    return sample;
  };
  const onWarmMachine = async () => {
    renameSync(keptDir, machineDir);
    const sample = checked(await lint(machine));
    renameSync(machineDir, keptDir);
    return sample;
  };
  const restore = (machine: GoMachine) =>
    runNative(context, "restore", { machine, place: { prefix: PREFIX, endpoint: line.endpoint }, cwd });
  const samples = await inTurns(context.runs, {
    warm: onWarmMachine,
    cold: () => onNewMachine(lint),
    after: () =>
      onNewMachine(async (machine) => {
        await restore(machine);
        return await lint(machine);
      }),
    whole: () =>
      onNewMachine(async (machine) => {
        const startedMs = performance.now();
        await restore(machine);
        return await lint(machine, startedMs);
      }),
  });
  const rowOf = (label: string, list: Sample[]) => [
    label,
    formatSeconds(medianSeconds(list)),
    medianRatio(list, samples.warm).toFixed(2),
    medianRatio(list, samples.cold).toFixed(2),
  ];
  return markdownTable(
    ["staticcheck of versitygw, the same findings", "wall", "by warm", "by cold"],
    [
      rowOf("caches from before", samples.warm),
      rowOf("no caches", samples.cold),
      rowOf("new machine, after `restore`", samples.after),
      rowOf(`new machine, with \`restore\`, S3 at ${LATENCY_MS} ms`, samples.whole),
    ],
  );
}
