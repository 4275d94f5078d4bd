/** Runs of CI that were cut short, one after the other: the next run hits what the last complete one has used. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, commandLine } from "../../support/binary.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, go } from "../../support/go-toolchain.ts";
import type { Machine } from "../../support/machine.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { warmMachine } from "../../support/warm-machine.ts";
import { githubPush } from "../summary/github-job.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const PACKAGES = 16;
const UNFINISHED = 10;

let dir: TempDir;
let project: string;
let runs = 0;

beforeAll(() => {
  dir = tempDir("unfinished");
  project = chainModule(dir.join("project"), { name: "unfinished", count: PACKAGES });
});
afterAll(() => dir[Symbol.dispose]());

/** The machine of the next run, with the standard library on its disk and nothing of the project. */
async function nextMachine(bucket: string): Promise<Machine> {
  runs++;
  const flags = [`--bucket=file://${dir.join(bucket)}`];
  const env = githubPush("main", runs);
  return await warmMachine(dir.join(`machine-${runs}`), { flags, env, trimpath: true });
}

/** A package that only this run builds, so that it has something to record. */
function writePackage(): string {
  const name = `only${runs}`;
  mkdirSync(join(project, name));
  writeFileSync(join(project, name, "x.go"), `package ${name}\n`);
  return `./${name}`;
}

/** Returns the number of compiled packages. */
async function buildAll(on: Machine): Promise<number> {
  const outcome = await go(on, ["build", "-x", "-trimpath", `./p${PACKAGES - 1}`], { cwd: project });
  await settled(on);
  expect(outcome.exitCode).toBe(0);
  return countCompiles(outcome);
}

/** Builds one package of the project, and one of its own; every other time that one fails. */
async function buildLittle(on: Machine): Promise<void> {
  const isBroken = runs % 2 === 0;
  const own = writePackage();
  const first = await go(on, ["build", "-trimpath", "./p0", own], { cwd: project });
  expect(first.exitCode).toBe(0);
  if (isBroken) {
    const broken = `${own}/broken`;
    mkdirSync(join(project, broken));
    writeFileSync(join(project, broken, "x.go"), "package broken\nfunc {\n");
    expect((await go(on, ["build", "-trimpath", broken], { cwd: project })).exitCode).toBe(1);
  }
  await settled(on);
}

test("ten runs of single commands that fail or build little hide nothing of the last complete one", async () => {
  expect(await buildAll(await nextMachine("direct"))).toBe(PACKAGES);
  for (let n = 0; n < UNFINISHED; n++) await buildLittle(await nextMachine("direct"));
  expect(await buildAll(await nextMachine("direct"))).toBe(0);
});

test("neither do ten runs whose server is stopped, as at the end of every job", async () => {
  const flags = [`--bucket=file://${dir.join("served")}`];
  const run = async (build: (on: Machine) => Promise<unknown>): Promise<unknown> => {
    const on = await nextMachine("served");
    const { cacheDir, env = {} } = on;
    await using server = await startPluginServer({ cacheDir, flags, cwd: project, env });
    const built = await build({ ...on, cacheprog: commandLine([binaryPath(), "connect", server.plugin]) });
    expect((await server.stop()).exitCode).toBe(0);
    return built;
  };
  expect(await run(buildAll)).toBe(PACKAGES);
  for (let n = 0; n < UNFINISHED; n++) await run(buildLittle);
  expect(await run(buildAll)).toBe(0);
});
