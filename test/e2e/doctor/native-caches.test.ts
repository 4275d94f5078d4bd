/** `doctor`'s findings about the caches that `restore` and `save` keep beside go's own: linters' and modules. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckedFinding } from "../../../src/app/doctor/check.ts";
import { binaryPath, gocacheprog } from "../../support/binary.ts";
import { runAsOtherUser } from "../../support/other-user.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { githubPush } from "../summary/github-job.ts";
import { checksWith, Subject } from "./subject.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

const REQUIRE = "module example.com/user\n\ngo 1.24\n\nrequire example.com/lib v0.1.0\n";
const SUM = `example.com/lib v0.1.0 h1:${"A".repeat(43)}=\nexample.com/lib v0.1.0/go.mod h1:${"B".repeat(43)}=\n`;

let dir: TempDir;
let count = 0;

beforeAll(() => {
  dir = tempDir("doctor-native-caches");
  chmodSync(dir.path, 0o755);
});
afterAll(() => dir[Symbol.dispose]());

/** A step without a helper, in a checkout with these files. `GOMODCACHE` is in its folder. */
async function newStep(files: Record<string, string>, env: Record<string, string> = {}): Promise<Subject> {
  const home = dir.join(`machine-${++count}`);
  const step = await Subject.open(home);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(step.cwd, name, ".."), { recursive: true });
    writeFileSync(join(step.cwd, name), text);
  }
  return step.with({ GOCACHEPROG: undefined, GOMODCACHE: join(home, "mod"), GOTOOLCHAIN: "local", ...env });
}

async function findings(step: Subject, check: string): Promise<CheckedFinding[]> {
  const diagnosis = await step.examine();
  expect(checksWith(diagnosis, "error")).toEqual(["GOCACHEPROG"]);
  return diagnosis.findings.filter((finding) => finding.check === check);
}

describe("GOMODCACHE:", () => {
  test("a file in place of it is a warning", async () => {
    const step = await newStep({ "go.mod": REQUIRE, "go.sum": SUM });
    const path = step.env.GOMODCACHE ?? "";
    writeFileSync(path, "");
    expect(await findings(step, "GOMODCACHE")).toMatchObject([
      {
        severity: "warning",
        message: `${path} can't be written, so restore brings no modules, and go can fetch none: ${path} is not a directory`,
        remedy: expect.stringContaining("export GOMODCACHE="),
      },
    ]);
  });

  test("one that only others can write is a warning", async () => {
    const step = await newStep({ "go.mod": REQUIRE, "go.sum": SUM });
    const GOMODCACHE = dir.join("of-root");
    mkdirSync(GOMODCACHE);
    const own = { GOMODCACHE, GOCACHE: dir.join("nobodys-gocache"), GOCACHE_DIR: dir.join("nobodys") };
    const variables = Object.entries({ ...step.variables, ...own }).map((pair) => pair.join("="));
    const { stdout } = await runAsOtherUser([
      "env",
      "-C",
      step.cwd,
      ...variables,
      binaryPath(),
      "doctor",
      "--json",
    ]);
    const found = (JSON.parse(stdout).findings as CheckedFinding[]).find(
      ({ check }) => check === "GOMODCACHE",
    );
    expect(found).toMatchObject({
      severity: "warning",
      message: expect.stringContaining(`${GOMODCACHE} can't be written, so restore brings no modules`),
    });
  });

  test("one of another user is a note", async () => {
    const step = await newStep({ "go.mod": REQUIRE, "go.sum": SUM });
    const path = step.env.GOMODCACHE ?? "";
    mkdirSync(path);
    chownSync(path, 65_534, 65_534);
    expect(await findings(step, "GOMODCACHE")).toMatchObject([
      { severity: "ok", message: `${path}: 0 of the 1 modules that go.sum names are here` },
      { severity: "note", message: expect.stringContaining("belongs to the user 65534, and this is 0") },
    ]);
  });

  test.each<[string, Record<string, string>, Record<string, string>, string, string]>([
    ["no go.sum", { "go.mod": REQUIRE }, {}, "note", "and no go.sum names them: nothing says"],
    [
      "no go.sum, and GOFLAGS=-mod=mod",
      { "go.mod": REQUIRE },
      { GOFLAGS: "-mod=mod" },
      "note",
      "and no go.sum names them; with -mod=mod in GOFLAGS go makes it anew in each checkout: nothing says",
    ],
    [
      "a relative path",
      { "go.mod": REQUIRE, "go.sum": SUM },
      { GOMODCACHE: "mod" },
      "note",
      'GOMODCACHE is "mod", no absolute path, so',
    ],
    ["no requirements", {}, {}, "ok", "go.mod requires no modules, so"],
    [
      "vendored modules",
      { "go.mod": REQUIRE, "go.sum": SUM, "vendor/modules.txt": "" },
      {},
      "ok",
      "go takes the modules from the folder vendor, so",
    ],
    [
      "vendored modules that GOFLAGS overrides",
      { "go.mod": REQUIRE, "go.sum": SUM, "vendor/modules.txt": "" },
      { GOFLAGS: "-mod=mod" },
      "ok",
      "0 of the 1 modules that go.sum names are here",
    ],
  ])("%s", async (_, files, env, severity, message) => {
    const found = await findings(await newStep(files, env), "GOMODCACHE");
    expect(found).toMatchObject([{ severity, message: expect.stringContaining(message) }]);
  });
});

test("GOMODCACHE, where there is no go.mod: that is what it says", async () => {
  const step = await newStep({});
  rmSync(join(step.cwd, "go.mod"));
  expect(await findings(step, "GOMODCACHE")).toMatchObject([
    {
      severity: "note",
      message: `there is no go.mod here, so restore and save leave ${step.env.GOMODCACHE} alone`,
      remedy: expect.stringContaining("run doctor where go runs"),
    },
  ]);
});

test("linters' caches: one that a linter refuses is a note, one that can't be written a warning", async () => {
  const STATICCHECK_CACHE = dir.join("staticcheck");
  const ofBoth = await newStep({}, { STATICCHECK_CACHE, GOLANGCI_LINT_CACHE: dir.join("golangci") });
  expect(await findings(ofBoth, "linters' caches")).toMatchObject([
    {
      severity: "ok",
      message: `golangci-lint ${dir.join("golangci")}, staticcheck ${STATICCHECK_CACHE}; restored where an earlier run of the job has used them`,
    },
  ]);
  writeFileSync(STATICCHECK_CACHE, "");
  const ofNone = await newStep({}, { STATICCHECK_CACHE, GOLANGCI_LINT_CACHE: "off" });
  expect(await findings(ofNone, "linters' caches")).toMatchObject([
    {
      severity: "note",
      message: expect.stringContaining('GOLANGCI_LINT_CACHE is "off", so golangci-lint refuses'),
    },
    { severity: "warning", message: expect.stringContaining("so restore can't fill it for staticcheck") },
  ]);
});

test("with GOCACHEPROG there is no word of them, but of modules if restore was about these", async () => {
  const step = await newStep({ "go.mod": REQUIRE, "go.sum": SUM }, githubPush("main", 1));
  const checks = async () => {
    const { findings: all } = await step.with({ GOCACHEPROG: gocacheprog() }).examine();
    return all.map(({ check }) => check).filter((name) => /^GOMODCACHE$|caches$/.test(name));
  };
  expect(await checks()).toEqual([]);
  const bucket = `--bucket=file://${dir.join("bucket")}`;
  await step.with({ GOCACHEPROG: undefined }).run("restore", bucket, "--only=modules");
  expect(await checks()).toEqual(["GOMODCACHE"]);
});
