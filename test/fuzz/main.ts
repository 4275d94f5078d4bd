/**
 * `npm run fuzz [-- --target=NAME… --cases=N --seed=N]`: feeds mutated recordings of real programs to every parser.
 * `--cases` is for each target; without it each has its own number. An input that breaks a promise is kept in
 * `fixtures/`, where the tests always try it again. Without `--target`, the tests' own properties are checked with the
 * same seed as well.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { PROJECT_DIR } from "../support/binary.ts";
import { markdownTable } from "../support/markdown-table.ts";
import { fixturePath } from "./fixtures.ts";
import type { Finding } from "./run-target.ts";
import { TARGETS, targetOf } from "./targets.ts";
import { type TargetReport, Worker } from "./worker.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      cases: { type: "string" },
      seed: { type: "string" },
    },
  });
  const targets = values.target?.map(targetOf) ?? [...TARGETS];
  const seed = toNumber("seed", values.seed) ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const cases = toNumber("cases", values.cases);
  const notePath = join(tmpdir(), `gcp-fuzz-${process.pid}.input`);
  console.error(`seed ${seed}`);
  const reports: TargetReport[] = [];
  await using worker = new Worker(notePath);
  for (const target of targets) {
    const report = await worker.run({ name: target.name, seed, cases: cases ?? target.thousands * 1_000 });
    reports.push(report);
    console.error(`${target.name}: ${report.cases} cases in ${report.seconds.toFixed(1)} s`);
    for (const finding of report.findings) keepFinding(target.name, finding);
  }
  rmSync(notePath, { force: true });
  console.log(tableOf(reports, seed));
  const holdAll = values.target !== undefined || (await checkProperties(seed));
  return holdAll && reports.every(({ findings }) => findings.length === 0) ? 0 : 1;
}

/** Runs the tests with properties. */
async function checkProperties(seed: number): Promise<boolean> {
  const names = [...new Bun.Glob("test/**/*.test.ts").scanSync(PROJECT_DIR)];
  const paths = names.filter((name) =>
    readFileSync(join(PROJECT_DIR, name), "utf8").includes('"fast-check"'),
  );
  const child = Bun.spawn([process.execPath, "test", "--timeout", "300000", ...paths], {
    cwd: PROJECT_DIR,
    env: { ...process.env, TEST_SEED: String(seed) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return (await child.exited) === 0;
}

/** Keeps the input. */
function keepFinding(name: string, { input, message }: Finding): void {
  const path = fixturePath(name, input);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, input);
  console.error(`  ${message}\n  kept as ${path}, ${readFileSync(path).length} bytes`);
}

function tableOf(reports: TargetReport[], seed: number): string {
  const sum = (of: (report: TargetReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const rows = reports.map((report) => [
    report.name,
    ...[
      report.cases,
      Math.round(report.seconds),
      report.accepted,
      report.refused,
      report.findings.length,
    ].map(String),
    `${Math.round(report.residentBytes / 2 ** 20)}`,
  ]);
  const total = [
    `all, seed ${seed}`,
    ...[
      sum((r) => r.cases),
      Math.round(sum((r) => r.seconds)),
      sum((r) => r.accepted),
      sum((r) => r.refused),
    ].map(String),
    `${sum((r) => r.findings.length)}`,
    "",
  ];
  return markdownTable(
    ["target", "cases", "seconds", "accepted", "refused", "findings", "MiB"],
    [...rows, total],
  );
}

function toNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name}=${text} is not a number`);
  return Number(text);
}

process.exitCode = await main();
