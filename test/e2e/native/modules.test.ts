/** `$GOMODCACHE`, filled before a build and read out after it: on a new machine go downloads nothing. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { filesBelow } from "../../support/file-tree.ts";
import { writeModule } from "../../support/go-project.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { LARGE_TEXT, LIB, ModuleTeam, modcacheOf, ONLY, USER } from "./module-team.ts";
import { NativeTeam, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let team: ModuleTeam;
let project: string;
let first: GoMachine;

/** The bucket has the modules of a build of `project`, and there is no upstream any more. */
beforeAll(async () => {
  dir = tempDir("modules");
  team = await ModuleTeam.open(dir.join("team"), { text: LARGE_TEXT });
  ({ project } = team);
  first = await machine({ GOPROXY: team.upstream.url });
  expect(await build(first)).toEqual({ exitCode: 0, stderr: "" });
  const saved = await succeeded(team.command(first, ["save"]));
  expect(saved).toMatchObject({
    stdout: expect.stringMatching(/^modules: 3 entries used, 3 of them new, /),
    stderr: "",
  });
  await team.upstream.stop();
});
afterAll(async () => {
  await team[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** A machine with Go's runtime, an empty module cache, and no upstream unless `env` has one. */
async function machine(env: Record<string, string> = {}): Promise<GoMachine> {
  return team.withModules(await team.warmMachine(), env);
}

async function build(on: GoMachine, args: string[] = []) {
  const { exitCode, stderr } = await go(on, ["build", "-trimpath", "-o", "/dev/null", ...args], {
    cwd: project,
  });
  return { exitCode, stderr: stderr.replaceAll(/^go: downloading .*\n/gm, "") };
}

async function restore(on: GoMachine, cwd = project) {
  return await team.program(on, cwd, ["restore", ONLY]);
}

test("a new machine builds with GOPROXY=off; its module cache is as go would have left it", async () => {
  expect(await build(await machine())).toMatchObject({ exitCode: 1 });
  const second = await machine();
  expect(await restore(second)).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^modules: 3 entries are in \S+, [\d.]+ [KM]?i?B fetched\n$/),
    stderr: "",
  });
  expect(await build(second, ["-mod=readonly"])).toEqual({ exitCode: 0, stderr: "" });
  expect(await go(second, ["mod", "verify"], { cwd: project })).toMatchObject({
    stdout: "all modules verified\n",
  });
  const notes = /[.](?:lock|zip)$|[/]list$|^cache[/](?:lock|download[/]sumdb)/;
  const filesOf = (on: GoMachine) => filesBelow(modcacheOf(on)).filter((name) => !notes.test(name));
  expect(filesOf(second)).toEqual(filesOf(first));
  for (const name of filesOf(first)) {
    const [path, other] = [join(modcacheOf(second), name), join(modcacheOf(first), name)];
    expect([name, await Bun.file(path).bytes()]).toEqual([name, await Bun.file(other).bytes()]);
    const modesOf = (file: string) => [statSync(file).mode, statSync(dirname(file)).mode];
    expect([name, modesOf(path)]).toEqual([name, modesOf(other)]);
  }
});

test("exec does it all; what is there is neither fetched nor uploaded again", async () => {
  const second = await machine();
  const run = async () =>
    await team.program(second, project, ["exec", ONLY, "--", "go", "build", "-trimpath", "-o", "/dev/null"]);
  expect(await run()).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(
      /modules: 3 entries are in .*\n.*modules: 3 entries used, 0 of them new, [\d.]+ KiB uploaded\n$/,
    ),
  });
  expect(await run()).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("entries are in") });
});

test("only what the checkout's go.sum names is restored", async () => {
  const cwd = writeModule(join(dir.path, "other"), "example.com/user", {
    "go.mod": "module example.com/user\n\ngo 1.24\n\nrequire example.com/leaf v1.0.0\n",
    "go.sum": (await Bun.file(join(project, "go.sum")).text()).replaceAll(/^(?!example.com.leaf).*\n/gm, ""),
    "main.go": "package main\n\nimport _ `example.com/leaf`\n\nfunc main() {}\n",
  });
  const second = await machine();
  expect(await restore(second, cwd)).toMatchObject({
    stdout: expect.stringMatching(/^modules: 1 entries/),
  });
  expect(readdirSync(join(modcacheOf(second), "example.com"))).toEqual(["leaf@v1.0.0"]);
});

describe("nothing to restore:", () => {
  test.each<[string, Record<string, string>]>([
    ["no go.sum", { "go.mod": "module example.com/user\n" }],
    ["vendored modules", { "go.mod": USER, "vendor/modules.txt": "", "go.sum": "" }],
  ])("%s", async (name, files) => {
    const cwd = writeModule(join(dir.path, name), "example.com/user", files);
    if (files["go.sum"] === "") cpSync(join(project, "go.sum"), join(cwd, "go.sum"));
    const second = await machine();
    expect(await restore(second, cwd)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(existsSync(modcacheOf(second))).toBe(false);
  });
});

test("a module that differs from go.sum on the machine that saves is not stored, and one line names it", async () => {
  const poor = new NativeTeam(dir.join("poor"));
  const second = await machine();
  await succeeded(restore(second));
  chmodSync(join(modcacheOf(second), LIB, "lib.go"), 0o644);
  writeFileSync(join(modcacheOf(second), LIB, "lib.go"), "package evil\n");
  expect(await poor.program(second, project, ["save", ONLY])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^modules: 2 entries used, 2 of them new, .*; not all could be saved\n$/),
    stderr: `go-cache-plugin: not all of ${modcacheOf(second)} is saved: example.com/BigCo/Lib@v0.1.0: files that differ from their checksum\n`,
  });
});

test.each<[string, (modcache: string) => void]>([
  [
    "a link in place of a folder",
    (modcache) => {
      mkdirSync(join(dirname(modcache), "elsewhere"), { recursive: true });
      mkdirSync(modcache);
      symlinkSync(join(dirname(modcache), "elsewhere"), join(modcache, "example.com"));
    },
  ],
  ["a file in place of the cache", (modcache) => writeFileSync(modcache, "")],
])("%s: one line, and the build goes on", async (_, alter) => {
  const second = await machine();
  alter(modcacheOf(second));
  const { exitCode, stderr } = await restore(second);
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^go-cache-plugin: .*\n$/)]);
  expect(filesBelow(join(dirname(modcacheOf(second)), "elsewhere"))).toEqual([]);
});
