/** Objects of the packed layout that are gone or not what they were: a build that is right, and one that mends. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { compressFrame } from "../../../src/lib/zstd.ts";
import { wrongOutputs } from "../../support/file-tree.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

let dir: TempDir;
let team: PackedTeam;
let project: string;
let all: number;

beforeEach(async () => {
  dir = tempDir("damage");
  team = new PackedTeam(dir.path);
  project = chainModule(dir.join("project"), { name: "damage", count: 3 });
  all = await team.build(team.newMachine(), project);
  expect(all).toBeGreaterThan(10);
});
afterEach(() => dir[Symbol.dispose]());

test("nothing is damaged: another machine compiles nothing", async () => {
  const two = team.newMachine();
  expect(await team.build(two, project)).toBe(0);
  expect(wrongOutputs(two.cacheDir)).toEqual([]);
});

describe("each pack", () => {
  const damages: Record<string, (path: string) => void> = {
    "is gone": (path) => rmSync(path),
    "is cut short": (path) => truncateSync(path, 100),
    "is empty": (path) => truncateSync(path, 0),
    "is longer than it was": (path) => writeFileSync(path, Buffer.alloc(100), { flag: "a" }),
    "holds other bytes": (path) =>
      writeFileSync(
        path,
        readFileSync(path).map((byte) => byte ^ 0x55),
      ),
    "is a directory now": (path) => {
      rmSync(path);
      writeFileSync(`${path}.aside`, "");
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what}: it is compiled again, and stored again`, async () => {
      for (const path of team.objects("pack")) damage(path);
      const wary = team.newMachine();
      const outcome = await team.buildNoisily(wary, project);
      expect(wrongOutputs(wary.cacheDir)).toEqual([]);
      if (what !== "is longer than it was") expect(countCompiles(outcome)).toBe(all);
      expect(await team.build(team.newMachine(), project)).toBe(0);
    });
  }
});

describe("each record", () => {
  const damages: Record<string, (path: string) => void> = {
    "is gone": (path) => rmSync(path),
    "is cut short": (path) => truncateSync(path, 50),
    "is empty": (path) => truncateSync(path, 0),
    "is 200 MB large": (path) => truncateSync(path, 200_000_000),
    "is a web page": (path) => writeFileSync(path, "<html>not here</html>"),
    "is of a later version": (path) => writeFileSync(path, compressFrame(Buffer.from('{"version":2}'))),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what}: nothing is found, and all is written down again`, async () => {
      for (const kind of ["run", "head", "new"]) for (const path of team.objects(kind)) damage(path);
      expect(await team.build(team.newMachine(), project)).toBe(all);
      expect(await team.build(team.newMachine(), project)).toBe(0);
    });
  }
});
