/** Records of an earlier run do not replace records on this machine. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { chainModule } from "../../support/go-project.ts";
import { go, goEnv } from "../../support/go-toolchain.ts";
import type { Machine } from "../../support/machine.ts";
import { run } from "../../support/process.ts";
import { settled } from "../../support/settled.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** go's result for the tested package: `(cached)`, or the time that it took. */
async function goTest(machine: Machine, project: string): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await go(machine, ["test", "-trimpath", "./p0"], { cwd: project });
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  await settled(machine);
  return stdout.trim().split("\t").at(-1);
}

async function prefetchAll(machine: Machine, team: PackedTeam, cwd: string): Promise<void> {
  const { GOCACHEPROG: _, ...env } = await goEnv(machine);
  const outcome = await run([binaryPath(), "prefetch", "--wait", `--bucket=file://${team.bucket}`], {
    cwd,
    env,
  });
  expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toEqual({ exitCode: 0, stderr: "" });
}

/** The action records on a machine, and their inodes. */
function records({ cacheDir }: Machine): Record<string, string> {
  const root = join(cacheDir, "action");
  const looks = (name: string) => {
    const { ino, mtimeMs } = statSync(join(root, name));
    return `${ino} ${mtimeMs}`;
  };
  return Object.fromEntries(filesBelow(root).map((name) => [name, looks(name)]));
}

test("entries of an earlier run replace no record, nor the result of a test that ran since", async () => {
  using dir = tempDir("local-records");
  const team = new PackedTeam(dir.path);
  const project = chainModule(join(dir.path, "project"), { name: "records", count: 1 });
  await goTest(await team.warmMachine(), project);
  const reader = team.newMachine({}, ["--read-only"]);
  await prefetchAll(reader, team, project);
  expect(await goTest(reader, project)).toBe("(cached)");
  await go(reader, ["clean", "-testcache"], { cwd: project });
  expect(await goTest(reader, project)).not.toBe("(cached)");
  const before = records(reader);
  await prefetchAll(reader, team, project);
  expect(records(reader)).toEqual(before);
  expect(await goTest(reader, project)).toBe("(cached)");
});
