/** Cached results of tests that read files: hits in fresh checkouts, on one machine and through a bucket. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, cpSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../support/binary.ts";
import { commitAll, git } from "../support/git.ts";
import { go } from "../support/go-toolchain.ts";
import type { Machine } from "../support/machine.ts";
import { plainEnv, run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { warmMachine } from "../support/warm-machine.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** Its tests read golden files, list directories, and look for missing files. */
const MODULE = "golang.org/x/mod@v0.30.0";
const PACKAGES = ["./modfile/...", "./module/...", "./semver/...", "./sumdb/dirhash/...", "./sumdb/note/..."];

let dir: TempDir;
let origin: string;

beforeAll(async () => {
  dir = tempDir("mtimes");
  origin = dir.join("origin");
  const machine = { release: "1.27.4", gocache: dir.join("download") } as const;
  const { stdout } = await go(machine, ["mod", "download", "-json", MODULE], { cwd: dir.path });
  cpSync(JSON.parse(stdout).Dir, origin, { recursive: true });
  // The module cache is read-only.
  for (const name of ["", ...readdirSync(origin, { recursive: true, encoding: "utf8" })]) {
    const path = join(origin, name);
    chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
  }
  commitAll(origin);
});
afterAll(() => dir[Symbol.dispose]());

// One after the other: the others find the results of the first.
describe("of fresh clones with mtimes", () => {
  let machine: Machine;

  test("the second one on the same machine runs no test", async () => {
    machine = await ciMachine("one");
    expect(await testInClone(machine)).toEqual({ exitCode: 0, cached: 0, all: PACKAGES.length });
    expect(await testInClone(machine)).toEqual({
      exitCode: 0,
      cached: PACKAGES.length,
      all: PACKAGES.length,
    });
  });

  test("one on another machine runs no test either, through the bucket", async () => {
    machine = await ciMachine("other");
    expect(await testInClone(machine)).toEqual({
      exitCode: 0,
      cached: PACKAGES.length,
      all: PACKAGES.length,
    });
  });

  test("one with a change runs the affected tests", async () => {
    const golden = "modfile/testdata/block.golden";
    const change = (clone: string) => writeFileSync(join(clone, golden), "// changed\n");
    const changed = await testInClone(machine, { change });
    expect(changed).toEqual({ exitCode: 1, cached: PACKAGES.length - 1, all: PACKAGES.length });
  });

  test("one without mtimes runs the tests that read files", async () => {
    const { cached, ...plain } = await testInClone(machine, { plain: true });
    expect(plain).toEqual({ exitCode: 0, all: PACKAGES.length });
    expect(cached).toBeLessThan(PACKAGES.length);
  });
});

/** CI, where the helper uploads before go ends. */
function ciMachine(name: string): Promise<Machine> {
  return warmMachine(dir.join(name), {
    flags: [`--bucket=file://${dir.join("bucket")}`],
    env: { CI: "true" },
  });
}

/** CI always checks out to the same path. The previous clone is moved away, so that no inode is used again. */
async function testInClone(
  machine: Machine,
  options: { plain?: boolean; change?: (clone: string) => void } = {},
) {
  const clone = dir.join("work");
  if (statSync(clone, { throwIfNoEntry: false })) renameSync(clone, dir.join("old"));
  rmSync(dir.join("old"), { recursive: true, force: true });
  git(dir.path, "clone", "--quiet", "--depth=1", `file://${origin}`, "work");
  options.change?.(clone);
  if (options.plain !== true) {
    const mtimes = await run([binaryPath(), "mtimes"], { cwd: clone, env: plainEnv() });
    expect(mtimes).toMatchObject({ stderr: "", exitCode: 0 });
  }
  const outcome = await go(machine, ["test", "-vet=off", ...PACKAGES], { cwd: clone });
  const lines = outcome.stdout.split("\n").filter((line) => /^(ok|FAIL)\s+golang\.org\S/.test(line));
  const cached = lines.filter((line) => line.endsWith("(cached)")).length;
  return { exitCode: outcome.exitCode, cached, all: lines.length };
}
