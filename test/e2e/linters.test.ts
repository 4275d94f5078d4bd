/** Linters open what go's cache named long after go and the helper have gone. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { goInstall } from "../support/go-install.ts";
import { mistakenModule } from "../support/go-project.ts";
import { go, goEnv } from "../support/go-toolchain.ts";
import { newMachine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { GOLANGCI_LINT, LINTER_GO, STATICCHECK } from "../support/tools.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

let dir: TempDir;
let project: string;

beforeAll(async () => {
  dir = tempDir("linters");
  project = mistakenModule(dir.join("project"));
  const bucket = `--bucket=file://${dir.join("bucket")}`;
  const warm = newMachine(dir.join("writer"), { release: LINTER_GO, flags: [bucket, "--layout=split"] });
  const list = ["list", "-export", "-deps", "-test", "-compiled", "./..."];
  expect((await go(warm, list, { cwd: project })).exitCode).toBe(0);
});
afterAll(() => dir[Symbol.dispose]());

test("staticcheck finds a mistake over a warm cache that it may only read", async () => {
  const staticcheck = await goInstall(STATICCHECK);
  const found = await lint([staticcheck, "-checks=SA4017", "./..."], "staticcheck");
  expect(found).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(/^mistaken\.go:13:\d+: ToUpper .* \(SA4017\)\n$/),
    stderr: "",
  });
});

test("golangci-lint finds mistakes over a warm cache that it may only read", async () => {
  const golangci = await goInstall(GOLANGCI_LINT);
  const flags = ["--no-config", "--default=none", "--enable=govet", "--enable=staticcheck"];
  const found = await lint([golangci, "run", ...flags, "./..."], "golangci");
  expect(found).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(/self-assignment of text[\s\S]*SA4017/),
    stderr: "",
  });
});

/** Runs a linter on a machine that has an empty disk and may only read the bucket. */
async function lint(argv: string[], name: string) {
  const bucket = `--bucket=file://${dir.join("bucket")}`;
  const machine = newMachine(dir.join(name), {
    release: LINTER_GO,
    flags: [bucket, "--layout=split", "--read-only"],
    env: { GOLANGCI_LINT_CACHE: dir.join(name, "lint"), STATICCHECK_CACHE: dir.join(name, "lint") },
  });
  return await run(argv, { cwd: project, env: await goEnv(machine) });
}
