/**
 * Damaged objects of the packed layout: the build is right, and another one repairs the bucket. Tests in process try
 * more kinds of damage.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { wrongOutputs } from "../../support/file-tree.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles } from "../../support/go-toolchain.ts";
import { run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const PACKAGES = 3;
/** With the main package. */
const ALL = PACKAGES + 1;

let dir: TempDir;
let project: string;
let stock: PackedTeam;

beforeAll(async () => {
  dir = tempDir("damage");
  project = chainModule(dir.join("project"), { name: "damage", count: PACKAGES });
  stock = new PackedTeam(dir.join("stock"));
  expect(await stock.build(await stock.warmMachine(), project)).toBe(ALL);
});
afterAll(() => dir[Symbol.dispose]());

/** A team with the module's entries in its bucket. */
async function stockedTeam(name: string): Promise<PackedTeam> {
  const team = new PackedTeam(dir.join(name));
  await run(["cp", "-a", `${stock.bucket}/.`, team.bucket]);
  return team;
}

test("nothing is damaged: an empty machine compiles nothing", async () => {
  const team = await stockedTeam("nothing");
  const two = team.newMachine();
  expect(await team.build(two, project)).toBe(0);
  expect(wrongOutputs(two.cacheDir)).toEqual([]);
});

test("each pack has other bytes: its entries are compiled and stored again", async () => {
  const team = await stockedTeam("packs");
  for (const path of team.objects("pack")) {
    writeFileSync(
      path,
      readFileSync(path).map((byte) => byte ^ 0x55),
    );
  }
  const wary = await team.warmMachine();
  expect(countCompiles(await team.buildNoisily(wary, project))).toBe(ALL);
  expect(wrongOutputs(wary.cacheDir)).toEqual([]);
  expect(await team.build(await team.warmMachine(), project)).toBe(0);
});

test("each record is truncated: all lookups miss, and new records are written", async () => {
  const team = await stockedTeam("records");
  for (const kind of ["run", "head", "new"]) for (const path of team.objects(kind)) truncateSync(path, 50);
  expect(await team.build(await team.warmMachine(), project)).toBe(ALL);
  expect(await team.build(team.newMachine(), project)).toBe(0);
});
