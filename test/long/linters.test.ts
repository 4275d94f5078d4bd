/** The linters that teams use, with a warm read-only cache. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { goInstall } from "../support/go-install.ts";
import { type Lint, setLinterStage } from "../support/linter-stage.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { GOLANGCI_LINT, LINTER_GO, STATICCHECK } from "../support/tools.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let lint: Lint;

beforeAll(async () => {
  dir = tempDir("linters");
  lint = await setLinterStage(dir, LINTER_GO);
});
afterAll(() => dir[Symbol.dispose]());

test("staticcheck finds a mistake with a warm read-only cache", async () => {
  const staticcheck = await goInstall(STATICCHECK);
  expect(await lint([staticcheck, "-checks=SA4017", "./..."], "staticcheck")).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(/^mistaken\.go:13:\d+: ToUpper .* \(SA4017\)\n$/),
    stderr: "",
  });
});

test("golangci-lint finds mistakes with a warm read-only cache", async () => {
  const golangci = await goInstall(GOLANGCI_LINT);
  const flags = ["--no-config", "--default=none", "--enable=govet", "--enable=staticcheck"];
  expect(await lint([golangci, "run", ...flags, "./..."], "golangci")).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(/self-assignment of text[\s\S]*SA4017/),
    stderr: "",
  });
});
