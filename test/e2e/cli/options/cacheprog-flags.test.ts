/** The flags in GOCACHEPROG, for commands that go does not start. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { goEnv, NEWEST_GO } from "../../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { programPath, runProgram } from "../program.ts";

let dir: TempDir;
let env: Record<string, string>;

beforeEach(() => {
  dir = tempDir("cacheprog-flags");
  mkdirSync(dir.join("bucket"));
  const flags = `--bucket=file://${dir.join("bucket")} --cache-dir=${dir.join("cache")} --prefix=team`;
  env = { GOCACHE: dir.join("gocache"), GOCACHEPROG: `${programPath()} ${flags}` };
});
afterEach(() => dir[Symbol.dispose]());

const run = (args: string[], more: Record<string, string> = {}) => runProgram(args, { ...env, ...more });

describe("the flags in GOCACHEPROG name the bucket and the directory for", () => {
  test.each([
    ["inspect", "/bucket/team/packed/v1/"],
    ["gc", "/bucket/team/packed/v1/"],
    ["verify", "/cache: 0 (0 B) outputs"],
    ["prune", "/cache: removed 0 files"],
    ["env", "export GOCACHE_KEY_PREFIX=team"],
    ["init gitlab", "GOCACHE_KEY_PREFIX: team"],
  ])("%s", async (command, said) => {
    const outcome = await run(command.split(" "));
    expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
    expect(outcome.stdout).toContain(said);
  });

  test("prefetch, also if GOCACHEPROG is connect", async () => {
    const connect = env.GOCACHEPROG?.replace(" --bucket", " connect 5930 --wait=10s --bucket") ?? "";
    const outcome = await run(["prefetch", "--wait"], { GOCACHEPROG: connect });
    expect(outcome).toEqual({ stdout: "no earlier run of this job is known\n", stderr: "", exitCode: 0 });
  });

  test("serve --status, which reads that directory", async () => {
    mkdirSync(dir.join("cache/state"), { recursive: true });
    const dead = dir.join("cache/state/serve-0123456789abcdef.json");
    writeFileSync(dead, '{"pid":1,"start":"of another process"}');
    expect((await run(["serve", "--status"])).stdout).toBe("no server is running\n");
    // The server file of a process that has ended is removed.
    expect(await Bun.file(dead).exists()).toBe(false);
  });
});

test("flags of the command override them, and they override variables", async () => {
  const other = await run(["inspect", "--prefix=other"]);
  expect(other.stdout).toContain("/bucket/other/packed/v1/");
  const variable = await run(["inspect"], { GOCACHE_KEY_PREFIX: "variable" });
  expect(variable.stdout).toContain("/bucket/team/packed/v1/");
});

test("flags set by go env -w count as well", async () => {
  const file = dir.join("go-env");
  writeFileSync(file, `GOCACHEPROG=${env.GOCACHEPROG}\n`);
  const go = await goEnv({ release: NEWEST_GO, gocache: dir.join("gocache"), cacheprog: "" });
  const outcome = await runProgram(["inspect"], { ...go, GOENV: file });
  expect(outcome.stdout).toContain("/bucket/team/packed/v1/");
});

test("flags of another program are ignored", async () => {
  const outcome = await run(["inspect"], { GOCACHEPROG: `/bin/cat --bucket=file://${dir.join("bucket")}` });
  expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"inspect" needs a bucket') });
});

test("invalid flags are named, and the commands that help to correct them still work", async () => {
  const outcome = await run(["env", "--bucket=some-bucket"], { GOCACHEPROG: `${programPath()} --buckt=x` });
  expect(outcome).toEqual({
    stdout: `export GOCACHEPROG=${programPath()}\nexport GOCACHE_S3_BUCKET=some-bucket\n`,
    stderr:
      "go-cache-plugin: the flags in GOCACHEPROG are ignored: unknown flag --buckt (did you mean --bucket?)\n",
    exitCode: 0,
  });
});
