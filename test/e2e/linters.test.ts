/** Linters open what go's cache named long after go and the helper have gone. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { goInstall } from "../support/go-install.ts";
import { mistakenModule } from "../support/go-project.ts";
import { type GoRelease, go, goEnv } from "../support/go-toolchain.ts";
import { newMachine } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// A guard against hanging only; the first run on a machine builds the tools, which takes minutes.
setDefaultTimeout(900_000);

/** Linters read the export data of the release they were built with. */
const RELEASE: GoRelease = "1.26.10";

let dir: TempDir;
let project: string;

beforeAll(async () => {
  dir = tempDir("linters");
  project = mistakenModule(dir.join("project"));
  const bucket = `--bucket=file://${dir.join("bucket")}`;
  const warm = newMachine(dir.join("writer"), { release: RELEASE, flags: [bucket, "--layout=split"] });
  const list = ["list", "-export", "-deps", "-test", "-compiled", "./..."];
  expect((await go(warm, list, { cwd: project })).exitCode).toBe(0);
});
afterAll(() => dir[Symbol.dispose]());

test("staticcheck finds a mistake over a warm cache that it may only read", async () => {
  const staticcheck = await goInstall({
    pkg: "honnef.co/go/tools/cmd/staticcheck",
    version: "v0.8.2",
    release: RELEASE,
  });
  const found = await lint([staticcheck, "-checks=SA4017", "./..."], "staticcheck");
  expect(found).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(/^mistaken\.go:13:\d+: ToUpper .* \(SA4017\)\n$/),
    stderr: "",
  });
});

test("golangci-lint finds mistakes over a warm cache that it may only read", async () => {
  const golangci = await goInstall({
    pkg: "github.com/golangci/golangci-lint/v2/cmd/golangci-lint",
    version: "v2.15.0",
    release: RELEASE,
  });
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
    release: RELEASE,
    flags: [bucket, "--layout=split", "--read-only"],
    env: { GOLANGCI_LINT_CACHE: dir.join(name, "lint"), STATICCHECK_CACHE: dir.join(name, "lint") },
  });
  return await run(argv, { cwd: project, env: await goEnv(machine) });
}
