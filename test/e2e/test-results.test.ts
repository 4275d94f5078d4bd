/** `--test-results` with real go: which results of tests machines take from each other. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gocacheprog } from "../support/binary.ts";
import { LONG_AGO, writeModule } from "../support/go-project.ts";
import { countCompiles, type GoMachine, type GoOutcome, go } from "../support/go-toolchain.ts";
import { startPluginServer } from "../support/plugin-server.ts";
import { settled } from "../support/settled.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { NativeTeam, succeeded } from "./native/native-team.ts";
import { PackedTeam } from "./packed/packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const TEST = `package tested

import (
	"os"
	"testing"
)

func TestOne(t *testing.T) {
	if _, err := os.ReadFile("testdata/input"); err != nil {
		t.Fatal(err)
	}
}
`;
const INPUT = "input";
const KEPT = { isCached: true };
const RUN = { isCached: false };

let dir: TempDir;
let project: string;

beforeAll(() => {
  dir = tempDir("test-results");
  const files = { "tested.go": "package tested\n", "tested_test.go": TEST, "testdata/input": INPUT };
  project = writeModule(dir.join("project"), "example.com/tested", files);
});

afterAll(() => dir[Symbol.dispose]());

/** Tests the project with all that go has to compile on stderr, and waits for the helper's end. */
async function testOn(machine: GoMachine): Promise<GoOutcome> {
  const outcome = await succeeded(go(machine, ["test", "-x", "-v", "-trimpath", "."], { cwd: project }));
  expect(outcome.stdout).toContain("--- PASS: TestOne");
  await settled(machine);
  return outcome;
}

/** Long ago: go keeps no result of a test that has read a file of the last two seconds. */
function writeInput(path: string, text: string): void {
  writeFileSync(path, text);
  utimesSync(path, LONG_AGO, LONG_AGO);
}

const isCached = ({ stdout }: GoOutcome) => ({ isCached: stdout.includes("(cached)") });

describe.each(["packed", "split", "both"])("with GOCACHEPROG, in the layout %s,", (layout) => {
  let team: PackedTeam;
  const machineWith = (results: string) =>
    team.warmMachine({}, [`--layout=${layout}`, `--test-results=${results}`]);

  beforeAll(async () => {
    team = new PackedTeam(dir.join(`team-${layout}`));
    expect(isCached(await testOn(await machineWith("share")))).toEqual(RUN);
  });

  test("a test that passed elsewhere is not repeated by default", async () => {
    const machine = await team.warmMachine({}, [`--layout=${layout}`]);
    expect(isCached(await testOn(machine))).toEqual(KEPT);
  });

  test("local: it runs here once, with what was compiled elsewhere", async () => {
    const machine = await machineWith("local");
    const first = await testOn(machine);
    expect([isCached(first), countCompiles(first)]).toEqual([RUN, 0]);
    expect(isCached(await testOn(machine))).toEqual(KEPT);
  });

  test("local: it runs for an input that it was only tested with elsewhere", async () => {
    const input = join(project, "testdata", "input");
    const machine = await machineWith("local");
    await testOn(machine);
    writeInput(input, "another input");
    await testOn(await machineWith("share"));
    expect(isCached(await testOn(machine))).toEqual(RUN);
    writeInput(input, INPUT);
  });

  test("off: it runs each time", async () => {
    const machine = await machineWith("off");
    for (let n = 0; n < 2; n++) {
      const outcome = await testOn(machine);
      expect([isCached(outcome), countCompiles(outcome)]).toEqual([RUN, 0]);
    }
  });
});

describe.each(["local", "off"])("%s:", (results) => {
  test("others get what was compiled, and no result", async () => {
    const team = new PackedTeam(dir.join(`silent-${results}`));
    await testOn(await team.warmMachine({}, [`--test-results=${results}`]));
    const second = await testOn(await team.warmMachine());
    expect([isCached(second), countCompiles(second)]).toEqual([RUN, 0]);
  });

  test("neither restore nor save passes one on", async () => {
    const team = new NativeTeam(dir.join(`native-${results}`));
    const env = { GOCACHE_TEST_RESULTS: results };
    const [silent, sharing, deaf, last] = await Promise.all(
      Array.from({ length: 4 }, () => team.warmMachine()),
    );
    if (!silent || !sharing || !deaf || !last) throw new Error("no machines");
    await testOn(silent);
    await succeeded(team.program(silent, project, ["save"], env));
    await succeeded(team.program(sharing, project, ["restore"]));
    const second = await testOn(sharing);
    expect([isCached(second), countCompiles(second)]).toEqual([RUN, 0]);

    await succeeded(team.program(sharing, project, ["save"]));
    const restored = await succeeded(team.program(deaf, project, ["restore"], env));
    expect(restored.stderr).toBe("");
    const third = await testOn(deaf);
    expect([isCached(third), countCompiles(third)]).toEqual([RUN, 0]);
    await succeeded(team.program(last, project, ["restore"]));
    expect(isCached(await testOn(last))).toEqual(KEPT);
  });

  test("a server passes none on", async () => {
    const team = new PackedTeam(dir.join(`served-${results}`));
    await testOn(await team.warmMachine());
    const env = { GOCACHE_TEST_RESULTS: results };
    const machine = await team.warmMachine(env);
    const flags = [`--bucket=file://${team.bucket}`];
    await using server = await startPluginServer({ cacheDir: machine.cacheDir, flags, env });
    const served = { ...machine, cacheprog: gocacheprog("connect", server.plugin) };
    const outcome = await testOn(served);
    expect([isCached(outcome), countCompiles(outcome)]).toEqual([RUN, 0]);
    expect(isCached(await testOn(served))).toEqual(results === "local" ? KEPT : RUN);
  });
});
