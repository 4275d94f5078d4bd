/** Releases of go that a job switches to: a new machine has them without an upstream, and go's own check finds its proof. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { filesBelow } from "../../support/file-tree.ts";
import type { GoMachine } from "../../support/go-toolchain.ts";
import { NEWEST_GO, OLDEST_GO } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { modcacheOf } from "./module-team.ts";
import { DEAD, DEAD_NAME, NativeTeam, succeeded } from "./native-team.ts";
import { ANSWER, contentOf, DOWNLOAD, ReleaseStage, TREE } from "./release-stage.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let stage: ReleaseStage;
let project: string;
let count = 0;

beforeAll(async () => {
  dir = tempDir("releases");
  stage = await ReleaseStage.open(dir.path);
  ({ project } = stage);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

function newTeam(): NativeTeam {
  return new NativeTeam(dir.join(`team-${++count}`));
}

/** A machine that can fetch the release. */
async function online(
  team: NativeTeam,
  installed: string = NEWEST_GO,
  env: Record<string, string> = {},
): Promise<GoMachine> {
  return await stage.machine(team, installed, { GOPROXY: stage.upstream.url, ...env });
}

/** A bucket that has the release, by a job of a machine that has fetched it. */
async function savedTeam(installed: string = NEWEST_GO, flags: string[] = []) {
  const team = newTeam();
  const first = await online(team, installed);
  const exec = await team.program(first, project, ["exec", ...flags, "--", "go", "version"]);
  expect(exec).toMatchObject({ exitCode: 0, stdout: ANSWER });
  return { team, first, stderr: exec.stderr };
}

describe.each([OLDEST_GO, NEWEST_GO])("with go %s installed,", (installed) => {
  test("a second machine, which reaches nobody, switches to the release that the first has saved", async () => {
    const { team, first, stderr } = await savedTeam(installed);
    expect(stderr).toMatch(/modules: 2 entries used, 2 of them new, /);
    const second = await stage.machine(team, installed);
    expect(await stage.version(second)).toContain("go1.99.0");
    const exec = await team.program(second, project, ["exec", "--", "go", "version"]);
    expect(exec).toMatchObject({ exitCode: 0, stdout: ANSWER });
    expect(exec.stderr).toMatch(/modules: 2 entries are in .*\n.*modules: 2 entries used, 0 of them new, /s);
    expect(exec.stderr).not.toContain("downloading");
    // As go has left it: its programs can be run, what it has copied is there.
    expect(contentOf(second)).toEqual(contentOf(first));
    expect(statSync(join(modcacheOf(second), TREE, "bin/go")).mode & 0o111).toBe(0o111);
    expect(existsSync(join(modcacheOf(second), TREE, "src/go.mod"))).toBe(true);
    const again = await team.program(second, project, ["exec", "--", "go", "version"]);
    expect(again.stderr).not.toContain("entries are in");
  });

  test("-modcacherw counts", async () => {
    const { team } = await savedTeam(installed);
    const second = await stage.machine(team, installed, { GOFLAGS: "-modcacherw" });
    await succeeded(team.program(second, project, ["restore", "--only=modules"]));
    const modes = ["", "bin", "src/cmd"].map((name) => statSync(join(modcacheOf(second), TREE, name)).mode);
    expect(modes.map((mode) => mode & 0o200)).toEqual([0o200, 0o200, 0o200]);
    expect(await stage.version(second)).toBe(ANSWER);
  });
});

test.each([["--wait"], ["--only=modules"], ["--wait=false"]])(
  "restore %s brings it before it asks go which release it is",
  async (flag) => {
    const { team } = await savedTeam();
    const second = await stage.machine(team, NEWEST_GO);
    const restored = await team.program(second, project, ["restore", flag]);
    expect(restored).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await stage.version(second)).toBe(ANSWER);
    const log = /log (\S+)\n$/.exec(restored.stdout)?.[1];
    if (log !== undefined)
      await eventually("its end", () => /entries are in|no earlier run/.test(readFileSync(log, "utf8")));
  },
);

test.each(["zips", "both"])(
  "with --modules=%s go unpacks the zip, and checks it by the same proof",
  async (form) => {
    const { team } = await savedTeam(NEWEST_GO, [`--modules=${form}`]);
    const second = await stage.machine(team, NEWEST_GO);
    await succeeded(team.program(second, project, ["restore", "--only=modules", `--modules=${form}`]));
    expect(existsSync(join(modcacheOf(second), `${DOWNLOAD}.zip`))).toBe(true);
    expect(await stage.version(second)).toBe(ANSWER);
  },
);

describe("a release that no command would switch to is not restored:", () => {
  test.each<[string, Record<string, string>]>([
    ["GOTOOLCHAIN=local", { GOTOOLCHAIN: "local" }],
    ["GOTOOLCHAIN=path", { GOTOOLCHAIN: "path" }],
    ["another name", { GOTOOLCHAIN: `go${NEWEST_GO}` }],
    ["GOSUMDB=off, where go refuses", { GOSUMDB: "off" }],
    ["another database", { GOSUMDB: "sum.golang.org" }],
    ["GO111MODULE=off", { GO111MODULE: "off" }],
  ])("%s", async (_, env) => {
    const { team } = await savedTeam();
    const second = await stage.machine(team, NEWEST_GO, env);
    const restored = await team.program(second, project, ["restore", "--only=modules"]);
    expect(restored).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(existsSync(join(modcacheOf(second), TREE))).toBe(false);
  });

  test("--only=build", async () => {
    const { team } = await savedTeam();
    const second = await online(team);
    await succeeded(team.program(second, project, ["restore", "--only=build"]));
    expect(existsSync(join(modcacheOf(second), `${DOWNLOAD}.zip`))).toBe(true);
  });
});

test("a release that was altered on the machine that saves is not stored", async () => {
  const team = newTeam();
  const first = await online(team, NEWEST_GO, { GOFLAGS: "-modcacherw" });
  expect(await stage.version(first)).toBe(ANSWER);
  const tool = join(modcacheOf(first), TREE, "pkg/tool/linux_amd64/compile");
  writeFileSync(tool, "#!/bin/sh\necho evil\n");
  const saved = await succeeded(team.program(first, project, ["save", "--only=modules"]));
  expect(saved.stdout).toMatch(/^modules: 1 entries used/);
  const second = await online(team);
  await succeeded(team.program(second, project, ["restore", "--only=modules"]));
  expect(existsSync(join(modcacheOf(second), TREE))).toBe(false);
  expect(await stage.version(second)).toBe(ANSWER);
});

test("what go has fetched before is left alone, and a bucket that fails is one line", async () => {
  const { team } = await savedTeam();
  const second = await online(team);
  expect(await stage.version(second)).toBe(ANSWER);
  const before = contentOf(second);
  expect(await team.program(second, project, ["restore", "--only=modules"])).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
  expect(contentOf(second)).toEqual(before);
  const third = await online(team);
  const exec = await team.program(third, project, ["exec", ...DEAD, "--", "go", "version"]);
  expect([exec.exitCode, exec.stdout]).toEqual([0, ANSWER]);
  expect(exec.stderr.split(DEAD_NAME)).toHaveLength(2);
});

test("the proof lies where go keeps it", async () => {
  const { team, first } = await savedTeam();
  const second = await stage.machine(team, NEWEST_GO);
  await succeeded(team.program(second, project, ["restore", "--only=modules"]));
  const proof = filesBelow(join(modcacheOf(second), "cache/download/sumdb"));
  expect(proof.length).toBeGreaterThan(2);
  for (const name of proof) {
    const [path, other] = [second, first].map((on) => join(modcacheOf(on), "cache/download/sumdb", name));
    expect([name, readFileSync(path ?? "", "latin1")]).toEqual([name, readFileSync(other ?? "", "latin1")]);
  }
});
