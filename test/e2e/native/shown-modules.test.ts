/** What the commands that show and check a bucket say of the modules that `restore` and `save` keep in it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import type { JobStats } from "../../../src/app/summary/job-stats.ts";
import { writeModule } from "../../support/go-project.ts";
import type { GoMachine } from "../../support/go-toolchain.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { ModuleTeam, USER } from "./module-team.ts";
import { NativeTeam, succeeded } from "./native-team.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let team: ModuleTeam;
let project: string;
let first: GoMachine;

/** The bucket has a run of a job that builds `project`: build outputs and three modules. */
beforeAll(async () => {
  dir = tempDir("shown-modules");
  team = await ModuleTeam.open(dir.join("team"), { text: "text" });
  ({ project } = team);
  first = await machine({ GOPROXY: team.upstream.url });
  await succeeded(team.program(first, project, ["exec", "--", "go", "build", "-trimpath", "./..."]));
  await team.upstream.stop();
});
afterAll(async () => {
  await team[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** A machine with an empty module cache, and no upstream unless `env` has one. */
async function machine(env: Record<string, string> = {}): Promise<GoMachine> {
  return team.withModules(await team.idleMachine(), env);
}

/** What a command prints on stdout. */
async function shown(on: GoMachine, args: string[], cwd = project): Promise<string> {
  return (await succeeded(team.program(on, cwd, args))).stdout;
}

describe("stats", () => {
  test("counts modules beside entries: what was saved, and what was restored", async () => {
    const saved = JSON.parse(await shown(first, ["stats", "--json"])) as JobStats;
    expect(saved.figures.native).toMatchObject({
      modules: { restored: 0, missing: 0, present: 3, added: 3 },
    });
    expect(saved.counts).toMatchObject({ save_used_modules: 3, save_added_modules: 3 });
    expect(await shown(first, ["stats"])).toMatch(
      /^restored: 0 entries, .*; saved: \d+ new entries, 3 new modules$/m,
    );
    const second = await machine();
    await shown(second, ["restore"]);
    const { figures } = JSON.parse(await shown(second, ["stats", "--json"])) as JobStats;
    expect(figures.native?.modules).toEqual({ restored: 3, missing: 0, present: 0, added: 0 });
    expect(await shown(second, ["stats"])).toMatch(/^\d+ entries and 3 modules restored$/m);
    expect(await shown(second, ["stats", "--markdown"])).toMatch(/^\| restore and save \| .*, 3 modules, /m);
  });

  test("of modules alone speaks of nothing else", async () => {
    const second = await machine();
    await shown(second, ["exec", "--only=modules", "--", "go", "version"]);
    expect(await shown(second, ["stats"])).toStartWith(
      "100.0 % of the modules were stored before (3 of 3)\nrestored: 3 modules, ",
    );
  });
});

test("explain says what was restored, and which modules go fetches all the same", async () => {
  const second = await machine();
  await shown(second, ["restore", "--only=modules"]);
  const text = await shown(second, ["explain"]);
  expect(text).toMatch(
    /^3 modules restored\nrestored: 3 modules, [\d.]+ K?i?B fetched\n\nThis job used go's own/,
  );
  expect(text).toContain("go wants its zip, and restore");
});

describe("inspect", () => {
  const LIB = "example.com/BigCo/Lib@v0.1.0";

  test("shows whose cache each run is, and modules as the same on every platform", async () => {
    const rows = (await shown(first, ["inspect"])).split("\n").map((line) => line.split(/ {2,}/));
    expect(rows.find(([cache]) => cache === "build")).toMatchObject({
      1: expect.stringMatching(/^[a-z0-9]+_[a-z0-9]+_go/),
      2: "example.com/user",
    });
    expect(rows.find(([cache]) => cache === "modules")).toMatchObject({
      1: "any",
      2: "example.com/user",
      5: "1",
      7: "3",
    });
    const { scopes } = JSON.parse(await shown(first, ["inspect", "--json"]));
    expect(scopes).toEqual([
      expect.objectContaining({ cache: "build" }),
      expect.objectContaining({ cache: "modules", platform: "modules", entries: 3, packs: 2 }),
    ]);
  });

  test("names the modules that go.sum of the checkout names, and no others", async () => {
    const [record = ""] = team.objects("run").filter((key) => key.includes("/modules/"));
    const entries = async (cwd: string) =>
      (await shown(first, ["inspect", `--entries=${record.slice(record.indexOf("packed/v1/"))}`], cwd))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    const named = await entries(project);
    expect(named.map(({ module }) => module).sort()).toEqual([
      LIB,
      "example.com/data/v2@v2.3.0",
      "example.com/leaf@v1.0.0",
    ]);
    const { action } = named.find(({ module }) => module === LIB);
    expect(await shown(first, ["inspect", action])).toStartWith(
      `action ${action}\n  module ${LIB}\n  output `,
    );
    const elsewhere = writeModule(dir.join("elsewhere"), "example.com/user", { "go.mod": USER });
    expect((await entries(elsewhere)).map(({ module }) => module)).toEqual(Array(3).fill(undefined));
    expect(await shown(first, ["inspect", action], elsewhere)).toStartWith(`action ${action}\n  output `);
  });
});

test("doctor says which modules restore would bring, and where to", async () => {
  const second = await machine();
  const finding = async (cwd: string, check: string) => {
    const { stdout } = await team.program(second, cwd, ["doctor", "--json"]);
    return JSON.parse(stdout).findings.find((each: { check: string }) => each.check === check);
  };
  const { GOMODCACHE: modcache } = second.env ?? {};
  expect(await finding(project, "GOMODCACHE")).toMatchObject({
    severity: "ok",
    message: `${modcache}: 0 of the 3 modules that go.sum names are here`,
  });
  expect(await finding(project, "newest modules")).toMatchObject({
    severity: "ok",
    message: expect.stringMatching(
      / ago, of this job \(.*\): names 3 entries of modules \([\d.]+ B\), 0 gone; /,
    ),
    data: { entries: 3, gone: 0 },
  });
  await shown(second, ["restore"]);
  expect((await finding(project, "GOMODCACHE")).data).toMatchObject({ wanted: 3, present: 3 });
  const other = writeModule(dir.join("other"), "example.com/other", {
    "go.mod": USER.replace("example.com/user", "example.com/other"),
    "go.sum": await Bun.file(join(project, "go.sum")).text(),
  });
  expect(await finding(other, "newest modules")).toMatchObject({
    severity: "note",
    message: expect.stringContaining("no run of this job with modules is known yet"),
  });
});

test("verify counts modules among the outputs, and finds a damaged one; gc keeps what the newest runs use", async () => {
  const second = await machine();
  expect(await shown(second, ["verify"])).toEndWith("nothing wrong\n");
  await shown(second, ["gc", "--yes"]);
  expect(await shown(second, ["restore", "--only=modules"])).toStartWith("modules: 3 entries are in ");
  const [record = ""] = team.objects("run").filter((key) => key.includes("/modules/"));
  const listed = await shown(second, ["inspect", `--entries=${record.slice(record.indexOf("packed/v1/"))}`]);
  const { pack } = JSON.parse(listed.split("\n", 1)[0] ?? "");
  const poor = new NativeTeam(dir.join("poor"));
  cpSync(team.bucket, poor.bucket, { recursive: true });
  const path = join(poor.bucket, "packed/v1/pack", pack.slice(0, 2), pack);
  const bytes = await Bun.file(path).bytes();
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await Bun.write(path, bytes);
  const { exitCode, stdout } = await poor.program(second, project, ["verify"]);
  expect([exitCode, stdout]).toEqual([1, expect.stringContaining(pack)]);
});
