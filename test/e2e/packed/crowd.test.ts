/** Many helpers at once, and killed helpers. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { writeModule } from "../../support/go-project.ts";
import { go } from "../../support/go-toolchain.ts";
import { settled } from "../../support/settled.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { fetchOnce } from "./fetch-once.ts";
import { killHelpers } from "./kill-helpers.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("crowd");
});
afterEach(() => dir[Symbol.dispose]());

test("after ten machines that end at the same time, the next one finds all of their entries", async () => {
  const team = new PackedTeam(dir.path);
  const names = Array.from({ length: 10 }, (_, index) => `q${index}`);
  const files = names.map((name) => [`${name}/q.go`, `package ${name}\n\nconst Name = "${name}"\n`]);
  const project = writeModule(dir.join("project"), "example.com/crowd", Object.fromEntries(files));
  const machines = names.map(() => team.newMachine());
  const outcomes = await Promise.all(
    machines.map((machine, index) => go(machine, ["build", "-trimpath", `./q${index}`], { cwd: project })),
  );
  expect(outcomes.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(10).fill([0, ""]));
  await Promise.all(machines.map(settled));
  expect(await team.build(team.newMachine(), project)).toBe(0);
});

test("eight go commands at once on an empty machine fetch every object once", () => fetchOnce(dir, 8));

test("the next helper on the machine uploads the remaining entries of a killed one", () =>
  killHelpers(dir, 3));
