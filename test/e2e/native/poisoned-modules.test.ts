/** A bucket with altered modules: none gets a name in `$GOMODCACHE`, and nothing is written beside it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { modAction, treeAction, zipAction } from "../../../src/gomodcache/wanted-modules.ts";
import {
  DOWNLOAD,
  FILES,
  MODULE,
  outputOf,
  soundOutput,
  TREE,
  wantedOf,
  zipOf,
  zipOutput,
} from "../../gomodcache/gomodcache-fixture.ts";
import type { StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { writeModule } from "../../support/go-project.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { unfinishedIn } from "./module-team.ts";
import { modulesBucket } from "./modules-bucket.ts";
import { NativeTeam } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const { treeHash = "", modHash = "" } = wantedOf();
const ENTRIES = Object.entries(FILES);

let dir: TempDir;
let team: NativeTeam;
let project: string;

beforeAll(() => {
  dir = tempDir("poisoned-modules");
  team = new NativeTeam(dir.join("team"));
  const { path, version } = MODULE;
  project = writeModule(dir.join("user"), "example.com/user", {
    "go.mod": `module example.com/user\n\ngo 1.24\n\nrequire ${path} ${version}\n`,
    "go.sum": `${path} ${version} ${treeHash}\n${path} ${version}/go.mod ${modHash}\n`,
  });
});
afterAll(() => dir[Symbol.dispose]());

/** Restores to an empty module cache. */
async function restore(bucket: StockedBucket, forms = "auto") {
  const machine = team.newMachine();
  const modcache = join(team.newHome(), "mod");
  const before = filesBelow(dir.path).filter((name) => !name.includes("go-cache-plugin"));
  const args = ["restore", "--only=modules", `--modules=${forms}`, `--bucket=file://${bucket.dir.path}`];
  // Otherwise go would fetch a release of its own to there.
  const env = { GOMODCACHE: modcache, GOTOOLCHAIN: "local", GOPROXY: "off" };
  const { exitCode, stdout, stderr } = await team.program(machine, project, args, env);
  const isBeside = (name: string) =>
    !name.includes("go-cache-plugin") && !dir.join(name).startsWith(modcache);
  expect(filesBelow(dir.path).filter(isBeside)).toEqual(before);
  return { exitCode, stdout, stderr, modcache };
}

test("unaltered, the module is there", async () => {
  using bucket = await modulesBucket(project, [[treeAction(MODULE, treeHash), soundOutput()]]);
  const { modcache, ...outcome } = await restore(bucket);
  expect(outcome).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^modules: 1 entries/),
    stderr: "",
  });
  for (const [name, text] of ENTRIES) expect(readFileSync(join(modcache, TREE, name), "utf8")).toBe(text);
});

const altered = soundOutput();
altered[altered.length - 3] = 0x21;

test.each<[string, Buffer]>([
  ["one byte altered", altered],
  ["a file more", outputOf([...ENTRIES, ["zz.go", "package z\n"]])],
  ["a file less", outputOf(ENTRIES.slice(0, -1))],
  ["a path that leads out", outputOf([["../../../evil.go", "package evil\n"], ...ENTRIES])],
  ["another module", outputOf(ENTRIES, { path: "example.com/evil" })],
  ["a go.mod that is not the one in go.sum", outputOf(ENTRIES, { mod: "module evil\n" })],
  ["no module", Buffer.from("#!/bin/sh\n".repeat(10))],
])("%s: the module gets no name, and one line says so", async (_, bytes) => {
  using bucket = await modulesBucket(project, [
    [treeAction(MODULE, treeHash), bytes],
    [modAction(MODULE, modHash), bytes],
  ]);
  const { exitCode, stderr, modcache } = await restore(bucket);
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^go-cache-plugin: not all is in .*\n$/)]);
  expect([join(modcache, TREE), join(modcache, `${DOWNLOAD}.mod`)].filter(existsSync)).toEqual([]);
  expect(unfinishedIn(modcache)).toEqual([]);
});

const alteredZip = zipOutput(zipOf());
alteredZip[alteredZip.indexOf("PK\x03\x04") + 66] = 0x21;

test.each<[string, Buffer]>([
  ["one byte altered", alteredZip],
  ["a file more", zipOutput(zipOf({ ...FILES, "zz.go": "package z\n" }))],
  ["another zip behind it", zipOutput(Buffer.concat([zipOf(), zipOf({ "evil.go": "package evil\n" })]))],
  ["another module", zipOutput(zipOf(FILES, { path: "example.com/evil", version: "v1.2.0" }))],
  ["files in place of the zip", Buffer.concat([soundOutput().subarray(0, -1), Buffer.from("!")])],
])("a zip with %s gets no name, and one line says so", async (_, bytes) => {
  using bucket = await modulesBucket(project, [
    [zipAction(MODULE, treeHash), bytes],
    [treeAction(MODULE, treeHash), soundOutput()],
  ]);
  const { exitCode, stderr, modcache } = await restore(bucket, "both");
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^go-cache-plugin: not all is in .*\n$/)]);
  expect([existsSync(join(modcache, TREE)), existsSync(join(modcache, `${DOWNLOAD}.zip`))]).toEqual([
    true,
    false,
  ]);
  expect(readdirSync(join(modcache, "cache"))).toEqual(["download"]);
});
