/** The programs of `go run` and `go tool`, which go gives to no helper. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { basename, join } from "node:path";
import { filesBelow, wrongOutputs } from "../../support/file-tree.ts";
import {
  GO_RELEASES,
  type GoOutcome,
  type GoRelease,
  go,
  helperLines,
  startGo,
} from "../../support/go-toolchain.ts";
import { type Machine, newMachine } from "../../support/machine.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import { greetingOf, programModule } from "../../support/program-module.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { warmMachine } from "../../support/warm-machine.ts";
import { CI_ENV, countLinks } from "../native/native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;

beforeAll(() => {
  dir = tempDir("programs");
});
afterAll(() => dir[Symbol.dispose]());

interface Use {
  links: number;
  word: string;
  name: string;
  /** Whether it ran in the cache directory. */
  isCached: boolean;
}

/** Runs the module's program; waits until the helper has ended. */
async function runProgram(machine: Machine, cwd: string): Promise<Use> {
  return await useOf(await go(machine, ["run", "-x", "."], { cwd }), machine);
}

async function runTool(machine: Machine, cwd: string): Promise<Use> {
  return await useOf(await go(machine, ["tool", "greeter"], { cwd }), machine);
}

async function useOf(outcome: GoOutcome, machine: Machine): Promise<Use> {
  await settled(machine);
  if (outcome.exitCode !== 0) throw new Error(outcome.stderr);
  expect(helperLines(outcome)).toEqual([]);
  const { word, argument, executable } = greetingOf(outcome);
  expect(argument).toBe(executable);
  const isCached = executable.startsWith(join(machine.cacheDir, "program"));
  return { links: countLinks(outcome), word, name: basename(executable), isCached };
}

const LINKED = { links: 1, word: "hello", name: "greet", isCached: false };
const KEPT = { links: 0, word: "hello", name: "greet", isCached: true };
/** `go tool` knows no -x. */
const LINKED_TOOL = { links: 0, word: "tool hello", name: "greeter", isCached: false };
const KEPT_TOOL = { ...LINKED_TOOL, isCached: true };

describe.each([...GO_RELEASES])("with go %s", (release) => {
  test("the second go run and go tool link nothing, here and on another machine", async () => {
    const cwd = programModule(dir.join(release, "module"));
    const [one, two] = await team(release);
    expect(await runProgram(one, cwd)).toEqual(LINKED);
    expect(await runProgram(one, cwd)).toEqual(KEPT);
    expect(await runTool(one, cwd)).toEqual(LINKED_TOOL);
    expect(await runTool(one, cwd)).toEqual(KEPT_TOOL);
    expect(await runProgram(two, cwd)).toEqual(KEPT);
    expect(await runTool(two, cwd)).toEqual(KEPT_TOOL);
    for (const { cacheDir } of [one, two]) expect(wrongOutputs(cacheDir)).toEqual([]);
  });
});

/** Two machines with one bucket; the first one has Go's runtime. */
async function team(release: GoRelease, env: Record<string, string> = CI_ENV): Promise<[Machine, Machine]> {
  const flags = [`--bucket=file://${dir.join(release, "bucket")}`];
  const one = await warmMachine(dir.join(release, "one"), { release, flags, env });
  return [one, newMachine(dir.join(release, "two"), { release, flags, env })];
}

test("changed source is linked again, and that is kept, too", async () => {
  const machine = await warmMachine(dir.join("changed"), {});
  const cwd = programModule(dir.join("changed-module"));
  expect(await runProgram(machine, cwd)).toEqual(LINKED);
  programModule(cwd, "goodbye");
  expect(await runProgram(machine, cwd)).toEqual({ ...LINKED, word: "goodbye" });
  expect(await runProgram(machine, cwd)).toEqual({ ...KEPT, word: "goodbye" });
  programModule(cwd, "hello");
  expect(await runProgram(machine, cwd)).toEqual(KEPT);
});

test("what go build makes is not kept", async () => {
  const machine = await warmMachine(dir.join("build"), {});
  const cwd = programModule(dir.join("build-module"));
  for (const args of [
    ["build", "-o", dir.join("built"), "."],
    ["build", "./..."],
    ["vet", "./..."],
    ["test", "./..."],
  ])
    expect(await go(machine, args, { cwd })).toMatchObject({ exitCode: 0 });
  await settled(machine);
  expect(filesBelow(join(machine.cacheDir, "program"))).toEqual([]);
});

test("where the machine stays a program is uploaded once it is used again", async () => {
  const flags = [`--bucket=file://${dir.join("stays", "bucket")}`];
  const one = await warmMachine(dir.join("stays", "one"), { flags });
  const cwd = programModule(dir.join("stays", "module"));
  /** In a session of its own: else go may look like the one command of a container. */
  const ran = async (machine: Machine) => {
    await using running = await startGo(machine, ["run", "-x", "."], { cwd });
    return await useOf({ ...(await running.outcome), elapsedMs: 0 }, machine);
  };
  const machine = (name: string) => newMachine(dir.join("stays", name), { flags });
  expect(await ran(one)).toEqual(LINKED);
  expect(await ran(machine("two"))).toEqual(LINKED);
  expect(await ran(one)).toEqual(KEPT);
  expect(await ran(machine("three"))).toEqual(KEPT);
});

test("a helper that uses a server keeps them, and the server shares them", async () => {
  const bucket = `--bucket=file://${dir.join("served", "bucket")}`;
  const cwd = programModule(dir.join("served", "module"));
  const one = await warmMachine(dir.join("served", "one"), { env: CI_ENV });
  {
    await using server = await startPluginServer({ cacheDir: one.cacheDir, flags: [bucket], env: CI_ENV });
    one.cacheprog = one.cacheprog?.concat(` connect ${server.plugin}`);
    expect(await runProgram(one, cwd)).toEqual(LINKED);
    expect(await runProgram(one, cwd)).toEqual(KEPT);
    await server.stop();
  }
  const two = newMachine(dir.join("served", "two"), { flags: [bucket], env: CI_ENV });
  expect(await runProgram(two, cwd)).toEqual(KEPT);
});
