/** Real go commands of every supported release, with the compiled executable as their cache. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cgoModule, embedModule } from "../support/go-project.ts";
import { testReleaseCaches, testReleaseCommands } from "../support/go-release-contract.ts";
import { countCompiles, GO_RELEASES, go, NEWEST_GO } from "../support/go-toolchain.ts";
import type { Machine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { warmMachine } from "../support/warm-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const OK = { exitCode: 0, stdout: "", stderr: "" };

// Each uses GOCACHEPROG in its own way.
describe.each(GO_RELEASES)("go %s", testReleaseCaches);

describe.each([GO_RELEASES[0], NEWEST_GO])("go %s, its other commands", testReleaseCommands);

describe(`go ${NEWEST_GO} with unusual packages`, () => {
  let dir: TempDir;
  let machine: Machine;
  beforeAll(async () => {
    dir = tempDir("unusual");
    machine = await warmMachine(dir.path, { env: { CGO_ENABLED: "1" } });
  });
  afterAll(() => dir[Symbol.dispose]());

  test("builds a program with C in it, and compiles nothing twice", async () => {
    const project = cgoModule(dir.join("cgo"));
    const build = () => go(machine, ["build", "-x", "-o", dir.join("cgo-out"), "."], { cwd: project });
    expect((await build()).exitCode).toBe(0);
    expect(await run([dir.join("cgo-out")])).toEqual({ ...OK, stderr: "42\n" });
    const warm = await build();
    expect({ exitCode: warm.exitCode, compiles: countCompiles(warm) }).toEqual({ exitCode: 0, compiles: 0 });
    expect(warm.stderr).not.toContain("gcc -I");
  });

  test("builds a program with a large file embedded", async () => {
    const project = embedModule(dir.join("embed"), 60_000_000);
    expect((await go(machine, ["build", "-o", dir.join("embed-out"), "."], { cwd: project })).exitCode).toBe(
      0,
    );
    expect(await run([dir.join("embed-out")])).toEqual({ ...OK, stderr: "60000000\n" });
  });
});
