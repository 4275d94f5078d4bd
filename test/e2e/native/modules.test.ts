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
import { type GoMachine, go, goRoot } from "../../support/go-toolchain.ts";
import { type ModuleUpstream, startModuleUpstream } from "../../support/modules/module-upstream.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { NativeTeam, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const TREE = "example.com/!big!co/!lib@v0.1.0";
const USER = `module example.com/user

go 1.24

require (
	example.com/BigCo/Lib v0.1.0
	example.com/data/v2 v2.3.0
)

require example.com/leaf v1.0.0 // indirect
`;
const MAIN = `package main

import (
	"example.com/BigCo/Lib"
	"example.com/data/v2"
)

func main() { println(lib.Name, len(data.Text)) }
`;

let dir: TempDir;
let upstream: ModuleUpstream;
let team: NativeTeam;
let project: string;
let goBin: string;
let first: GoMachine;

/** The bucket has the modules of a build of `project`. */
beforeAll(async () => {
  dir = tempDir("modules");
  goBin = join(await goRoot(), "bin");
  upstream = await startModuleUpstream();
  await upstream.addModule({
    module: "example.com/leaf",
    version: "v1.0.0",
    files: { "leaf.go": "package leaf\n\nconst Name = `leaf`\n" },
  });
  await upstream.addModule({
    module: "example.com/BigCo/Lib",
    version: "v0.1.0",
    mod: "module example.com/BigCo/Lib\n\ngo 1.24\n\nrequire example.com/leaf v1.0.0\n",
    files: {
      "lib.go": "package lib\n\nimport `example.com/leaf`\n\nconst Name = leaf.Name\n",
      "testdata/Ä/large.txt": "x".repeat(200_000),
      "testdata/empty": "",
    },
  });
  await upstream.addModule({
    module: "example.com/data/v2",
    version: "v2.3.0",
    // More than is ever held in memory at once.
    files: {
      "data.go": "package data\n\nimport _ `embed`\n\n//go:embed text\nvar Text string\n",
      text: "0123456789abcdef".repeat(40 << 16),
    },
  });
  team = new NativeTeam(dir.join("team"));
  project = writeModule(dir.join("user"), "example.com/user", { "go.mod": USER, "main.go": MAIN });
  first = await machine({ GOPROXY: upstream.url });
  await succeeded(go(first, ["mod", "tidy"], { cwd: project }));
  expect(await build(first)).toEqual({ exitCode: 0, stderr: "" });
  const saved = await succeeded(team.program(first, project, ["save", "--only=modules"]));
  expect(saved).toMatchObject({
    stdout: expect.stringMatching(/^modules: 3 entries used, 3 of them new, /),
    stderr: "",
  });
  await upstream.stop();
});
afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** A machine with Go's runtime, an empty module cache, and no upstream unless `env` has one. */
async function machine(env: Record<string, string> = {}): Promise<GoMachine> {
  const made = await team.warmMachine();
  const GOMODCACHE = join(dirname(made.gocache), "mod");
  const own = { GOMODCACHE, GOPROXY: "off", GOSUMDB: "off", GOTOOLCHAIN: "local" };
  const PATH = `${goBin}:${process.env.PATH}`;
  return { ...made, env: { ...made.env, ...own, PATH, ...env } };
}

const modcacheOf = ({ env }: GoMachine) => env?.GOMODCACHE ?? "";

async function build(on: GoMachine, args: string[] = []) {
  const { exitCode, stderr } = await go(on, ["build", "-trimpath", "-o", "/dev/null", ...args], {
    cwd: project,
  });
  return { exitCode, stderr: stderr.replaceAll(/^go: downloading .*\n/gm, "") };
}

async function restore(on: GoMachine, from = team, cwd = project) {
  return await from.program(on, cwd, ["restore", "--only=modules"]);
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
    await team.program(second, project, [
      "exec",
      "--only=modules",
      "--",
      "go",
      "build",
      "-trimpath",
      "-o",
      "/dev/null",
    ]);
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
  expect(await restore(second, team, cwd)).toMatchObject({
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
    expect(await restore(second, team, cwd)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(existsSync(modcacheOf(second))).toBe(false);
  });
});

test("a module that differs from go.sum on the machine that saves is not stored", async () => {
  const poor = new NativeTeam(dir.join("poor"));
  const second = await machine();
  await succeeded(restore(second));
  chmodSync(join(modcacheOf(second), TREE, "lib.go"), 0o644);
  writeFileSync(join(modcacheOf(second), TREE, "lib.go"), "package evil\n");
  expect(await poor.program(second, project, ["save", "--only=modules"])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^modules: 2 entries used, 2 of them new, /),
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

test("a half extracted module is left to go", async () => {
  const second = await machine();
  const modcache = modcacheOf(second);
  mkdirSync(join(modcache, TREE), { recursive: true });
  const partial = join(modcache, "cache/download/example.com/!big!co/!lib/@v/v0.1.0.partial");
  mkdirSync(dirname(partial), { recursive: true });
  writeFileSync(partial, "");
  await succeeded(restore(second));
  expect([readdirSync(join(modcache, TREE)), existsSync(partial)]).toEqual([[], true]);
});
