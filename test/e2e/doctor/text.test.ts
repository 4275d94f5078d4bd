/** The output format of `doctor`. */
import { expect, test } from "bun:test";
import { binaryPath } from "../../support/binary.ts";
import { runOnTerminal } from "../../support/on-terminal.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { Subject } from "./subject.ts";

const ESCAPE = "\u001b[";

test("a line for each finding, one for its remedy, and a last one with the totals, without colours", async () => {
  await using dir = tempDir("doctor");
  const subject = (await Subject.open(dir.path)).with({ GOCACHEPROG: undefined });
  const { stdout, exitCode } = await subject.run("doctor");
  expect(stdout).toMatch(/^ok {7}settings {12}flags and variables are valid\n/);
  expect(stdout).toMatch(/^error {4}GOCACHEPROG {9}it is not set.*\n {29}-> eval/m);
  expect(stdout).toMatch(/\n1 error, 1 warning(, \d+ notes?)?\n$/);
  expect(stdout).not.toContain(ESCAPE);
  expect(exitCode).toBe(1);
});

test.each<[string, Record<string, string>, boolean]>([
  ["coloured", {}, true],
  ["not coloured with NO_COLOR", { NO_COLOR: "1" }, false],
  ["not coloured on a terminal without colours", { TERM: "dumb" }, false],
])("on a terminal it is %s", async (_, extra, isColoured) => {
  await using dir = tempDir("doctor");
  const subject = (await Subject.open(dir.path)).with({ NO_COLOR: undefined, TERM: "xterm", ...extra });
  const { terminal } = await runOnTerminal([binaryPath(), "doctor"], {
    env: subject.variables,
    cwd: subject.cwd,
  });
  expect(terminal.includes(`${ESCAPE}32mok`)).toBe(isColoured);
});
