/** GOCACHEPROG turned on where go has built before without it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gocacheprog } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, type GoMachine, go, helperLines, metricsOf } from "../../support/go-toolchain.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "../packed/packed-team.ts";
import { countLinks, NativeTeam, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let project: string;
let native: NativeTeam;

beforeAll(() => {
  dir = tempDir("read-through");
  project = chainModule(dir.join("project"), { name: "through", count: 3 });
  native = new NativeTeam(dir.join("native"));
});
afterAll(() => dir[Symbol.dispose]());

/** A machine whose own cache has a build and a program of the project. */
async function builtNatively(): Promise<GoMachine> {
  const machine = await native.warmMachine();
  expect(await native.build(machine, project)).toBeGreaterThan(0);
  await succeeded(go(machine, ["run", "-trimpath", "."], { cwd: project }));
  return machine;
}

function withHelper(machine: GoMachine, ...flags: string[]): GoMachine {
  return { ...machine, cacheprog: gocacheprog(...flags) };
}

test("nothing is compiled or linked again, and the bucket has everything afterwards", async () => {
  const team = new PackedTeam(dir.join("team"));
  const flags = [`--bucket=file://${team.bucket}`, "--metrics=json"];
  const machine = withHelper(await builtNatively(), ...flags);
  const built = await succeeded(go(machine, ["build", "-x", "-trimpath", "./..."], { cwd: project }));
  expect(countCompiles(built)).toBe(0);
  expect(metricsOf(built).get_gocache_hit).toBeGreaterThan(0);
  const ran = await succeeded(go(machine, ["run", "-x", "-trimpath", "."], { cwd: project }));
  expect([countLinks(ran), ran.stderr]).toEqual([0, expect.stringContaining("through 3")]);
  await settled(machine);
  const other = team.newMachine();
  expect(await team.build(other, project)).toBe(0);
  const again = await succeeded(go(other, ["run", "-x", "-trimpath", "."], { cwd: project }));
  expect([countLinks(again), helperLines(again)]).toEqual([0, []]);
  await settled(other);
});

test("without a bucket, too; and what was taken over stays when go's own cache is cleaned", async () => {
  const own = await builtNatively();
  const machine = withHelper(own, `--cache-dir=${dir.join("kept")}`);
  expect(await native.build(machine, project)).toBe(0);
  await succeeded(go(own, ["clean", "-cache"]));
  expect(await native.build(machine, project)).toBe(0);
  await settled(machine);
});

test("outputs with other bytes than their ids say are compiled again, and the rest is taken", async () => {
  const machine = await builtNatively();
  for (const name of filesBelow(machine.gocache).filter((each) => each.endsWith("-d"))) {
    const path = join(machine.gocache, name);
    const bytes = readFileSync(path);
    if (!bytes.includes("!<arch>") || !bytes.includes("through/p")) continue;
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }
  const helped = withHelper(machine, `--cache-dir=${dir.join("damaged")}`, "--metrics=json");
  const built = await succeeded(go(helped, ["build", "-x", "-trimpath", "./..."], { cwd: project }));
  expect(countCompiles(built)).toBeGreaterThan(0);
  expect(metricsOf(built).get_gocache_hit).toBeGreaterThan(0);
  expect(await native.build(helped, project)).toBe(0);
  await settled(helped);
});
