/** A command between restore and save. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { commitAll } from "../../support/git.ts";
import { chainModule } from "../../support/go-project.ts";
import { countCompiles, goEnv } from "../../support/go-toolchain.ts";
import { runOnTerminal } from "../../support/on-terminal.ts";
import { start } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { CI_ENV, DEAD, DEAD_NAME, NativeTeam, runRecords } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let project: string;

beforeAll(() => {
  dir = tempDir("exec");
  project = chainModule(dir.join("project"), { name: "exec", count: 2 });
});
afterAll(() => dir[Symbol.dispose]());

test("the command has exec's output and exit code; what a failed one built is saved, and its run has not ended", async () => {
  const team = new NativeTeam(dir.join("team"));
  const shell = "go build -trimpath -o /dev/null ./... && echo built && exit 7";
  const failed = await team.program(await team.warmMachine(), project, ["exec", "--", "sh", "-c", shell]);
  expect([failed.exitCode, failed.stdout]).toEqual([7, "built\n"]);
  expect(failed.stderr).toMatch(
    /no earlier run of this job is known\n.*\d+ entries used, [1-9]\d* of them new/,
  );
  expect(runRecords(team.bucket)).toEqual([expect.not.stringContaining(".ended.")]);

  const machine = { ...team.newMachine(), env: { ...CI_ENV, DRONE_BUILD_NUMBER: "8" } };
  const more = "go build -x -trimpath -o /dev/null ./... && go test -trimpath ./... >&2";
  const again = await team.program(machine, project, ["exec", "--", "sh", "-c", more]);
  expect([again.exitCode, countCompiles(again)]).toEqual([0, 0]);
  expect(again.stderr).toMatch(/\d+ entries are in \S+, [\d.]+ [KM]iB fetched\n/);
  expect(runRecords(team.bucket)).toContainEqual(expect.stringContaining(".ended."));
});

test("in CI a checkout gets stable file times first, unless that is switched off", async () => {
  const team = new NativeTeam(dir.join("mtimes"));
  const checkout = chainModule(dir.join("checkout"), { name: "mtimes", count: 1 });
  commitAll(checkout);
  const mtimeMs = () => statSync(join(checkout, "main.go")).mtimeMs;
  const before = mtimeMs();
  const machine = team.newMachine();
  const local = { ...machine, env: {} };
  await team.program(local, checkout, ["exec", "--", "true"]);
  await team.program(machine, checkout, ["restore", "--mtimes=false"]);
  expect(mtimeMs()).toBe(before);
  const read = await team.program(machine, checkout, ["exec", "--", "stat", "-c", "%Y", "main.go"]);
  expect(Number(read.stdout)).toBe(Math.floor(mtimeMs() / 1000));
  expect(mtimeMs()).not.toBe(before);
});

test("without a bucket that answers, the command runs all the same, and one line says why nothing was restored", async () => {
  const team = new NativeTeam(dir.join("dead"));
  const args = ["exec", ...DEAD, "--"];
  const outcome = await team.program(team.newMachine(), project, [...args, "sh", "-c", "cat; exit 3"]);
  const line = `go-cache-plugin: nothing was restored: ${DEAD_NAME}: connection refused\n`;
  expect([outcome.exitCode, outcome.stderr]).toEqual([3, line]);
});

test("without a bucket, as in a fork, the command runs all the same, and one line says so", async () => {
  const team = new NativeTeam(dir.join("fork"));
  const args = ["exec", "--bucket=", "--", "sh", "-c", "echo ran; exit 3"];
  const { exitCode, stdout, stderr } = await team.program(team.newMachine(), project, args);
  const line = "nothing is restored or saved: no bucket is set (--bucket or GOCACHE_S3_BUCKET)";
  expect([exitCode, stdout, stderr]).toEqual([3, "ran\n", `go-cache-plugin: ${line}\n`]);
});

test("with GOCACHE=off and --read-only the command runs, and nothing is said about saving", async () => {
  const team = new NativeTeam(dir.join("off"));
  const outcome = await team.program(
    team.newMachine(),
    project,
    ["exec", "--read-only", "--", "echo", "-n", "--help"],
    {
      GOCACHE: "off",
    },
  );
  expect(outcome).toEqual({
    exitCode: 0,
    stdout: "--help",
    stderr: "go-cache-plugin: nothing was restored: GOCACHE is off\n",
  });
});

test("a command that can't be started ends as in a shell", async () => {
  const team = new NativeTeam(dir.join("missing"));
  const plain = dir.join("plain-file");
  writeFileSync(plain, "echo");
  chmodSync(plain, 0o644);
  const end = async (command: string) => {
    const { exitCode, stderr } = await team.program(team.newMachine(), project, ["exec", "--", command]);
    return [exitCode, stderr.split("\n").filter((line) => line.includes("was not started")).length];
  };
  expect([await end("no-such-command"), await end("/no/such/file"), await end(plain)]).toEqual([
    [127, 1],
    [127, 1],
    [126, 1],
  ]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s reaches the command, which decides",
  async (signal) => {
    const team = new NativeTeam(dir.join(`signals-${signal}`));
    const name = signal.slice(3);
    const shell = `trap 'echo got ${name}; exit 5' ${name}; echo ready; while :; do sleep 0.05; done`;
    await using running = start([binaryPath(), "exec", ...team.flags, "--", "sh", "-c", shell], {
      cwd: project,
      env: await goEnv(team.newMachine()),
    });
    await running.stdoutHas("ready");
    running.signal(signal);
    const { exitCode, stdout } = await running.outcome;
    expect([exitCode, stdout]).toEqual([5, `ready\ngot ${name}\n`]);
  },
);

test("the command has exec's terminal", async () => {
  const team = new NativeTeam(dir.join("terminal"));
  const shell = "test -t 0 && test -t 1 && test -t 2 && echo on a terminal";
  const { exitCode, terminal } = await runOnTerminal(
    [binaryPath(), "exec", ...team.flags, "--", "sh", "-c", shell],
    { cwd: project, env: await goEnv(team.newMachine()) },
  );
  expect([exitCode, terminal]).toEqual([0, expect.stringContaining("on a terminal")]);
});

test("a command that a signal ends has the exit code that a shell gives it", async () => {
  const team = new NativeTeam(dir.join("killed"));
  const outcome = await team.program(team.newMachine(), project, ["exec", "--", "sh", "-c", "kill -TERM $$"]);
  expect(outcome.exitCode).toBe(128 + 15);
});
