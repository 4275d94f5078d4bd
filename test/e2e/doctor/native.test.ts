/** `doctor`'s findings about jobs with go's own cache directory, filled by `restore`. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../support/binary.ts";
import { OLD_GO } from "../../support/go-toolchain.ts";
import { runAsOtherUser } from "../../support/other-user.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { githubPush } from "../summary/github-job.ts";
import { checksWith, expectWell, findingOf, Subject } from "./subject.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

let dir: TempDir;
let count = 0;

beforeAll(() => {
  dir = tempDir("doctor-native");
});
afterAll(() => dir[Symbol.dispose]());

/** A step of a job, with a directory as the bucket and without a helper. */
async function newStep(env: Record<string, string | undefined> = {}): Promise<Subject> {
  const subject = await Subject.open(dir.join(`machine-${++count}`));
  const bucket = dir.join("bucket");
  mkdirSync(bucket, { recursive: true });
  return subject.with({
    ...githubPush("main", 1),
    GOCACHEPROG: undefined,
    GOCACHE_S3_BUCKET: `file://${bucket}`,
    ...env,
  });
}

test("after restore all is well without GOCACHEPROG", async () => {
  const step = await newStep();
  expect((await step.run("restore")).exitCode).toBe(0);
  const diagnosis = await step.examine();
  expect(findingOf(diagnosis, "GOCACHEPROG")).toMatchObject({
    severity: "ok",
    message: "it is not set, so go uses its own cache directory, which restore has filled",
  });
  expectWell(diagnosis);
});

test("what restore has brought is here", async () => {
  const step = await newStep();
  const built = await step.run("exec", "--", "go", "build", "-trimpath", "./p2");
  expect(built.exitCode).toBe(0);
  const next = (await newStep()).with({ GITHUB_RUN_ID: "2" });
  await next.run("restore");
  expect(findingOf(await next.examine(), "newest run")?.message).toMatch(
    /names (\d+) entries, \1 here, 0 to/,
  );
});

test("without a restore, GOCACHEPROG is missing, and both ways are named", async () => {
  const finding = findingOf(await (await newStep()).examine(), "GOCACHEPROG");
  expect(finding).toMatchObject({
    severity: "error",
    remedy: expect.stringMatching(/GOCACHEPROG=.*"restore" before go runs and "save" after it/),
  });
});

test.each([
  ["modules", "modules"],
  ["lint", "golangci-lint, staticcheck"],
])(
  "after restore --only=%s alone, that GOCACHEPROG is missing is a note, and no build is foretold",
  async (only, names) => {
    const step = await newStep();
    expect(await step.run("restore", `--only=${only}`)).toMatchObject({ exitCode: 0, stderr: "" });
    const diagnosis = await step.examine();
    expect(findingOf(diagnosis, "GOCACHEPROG")).toMatchObject({
      severity: "note",
      message: expect.stringContaining(`restore was about ${names} alone`),
    });
    expect(findingOf(diagnosis, "newest run")).toBeUndefined();
    expectWell(diagnosis);
  },
);

test("GOCACHEPROG beside restore is a warning, and outside CI, where it may have been another shell, a note", async () => {
  const step = await newStep();
  await step.run("restore");
  const helped = step.with({ GOCACHEPROG: process.execPath });
  const beside = async () =>
    (await helped.examine()).findings.find(({ message }) => message.startsWith("restore has filled"));
  expect(await beside()).toMatchObject({
    check: "GOCACHEPROG",
    severity: "warning",
    remedy: "choose one: unset GOCACHEPROG, or leave restore, save and exec out",
  });
  const local = (await newStep()).with({
    CI: undefined,
    GITHUB_ACTIONS: undefined,
    GOCACHEPROG: undefined,
  });
  await local.run("restore");
  const found = await local.with({ GOCACHEPROG: process.execPath }).examine();
  expect(found.findings.find(({ message }) => message.startsWith("restore has filled"))?.severity).toBe(
    "note",
  );
});

test("another run of the job does not count as restored", async () => {
  const step = await newStep();
  await step.run("restore");
  const next = step.with({ GITHUB_RUN_ID: "2" });
  expect(findingOf(await next.examine(), "GOCACHEPROG")?.severity).toBe("error");
});

test("a release without GOCACHEPROG will do", async () => {
  const step = await newStep({ GOTOOLCHAIN: `go${OLD_GO}` });
  const before = findingOf(await step.examine(), "go");
  expect(before).toMatchObject({
    severity: "error",
    remedy: expect.stringContaining('"restore" and "save"'),
  });
  await step.run("restore");
  expect(findingOf(await step.examine(), "go")?.severity).toBe("ok");
});

test("a GOCACHE that only others can write is a warning", async () => {
  chmodSync(dir.path, 0o755);
  const gocache = dir.join("of-root");
  for (let part = 0; part < 256; part++)
    mkdirSync(join(gocache, part.toString(16).padStart(2, "0")), { recursive: true });
  const env = [`GOCACHE=${gocache}`, "GOTOOLCHAIN=local", `GOCACHE_DIR=${dir.join("nobodys")}`];
  const { stdout } = await runAsOtherUser(["env", ...env, binaryPath(), "doctor", "--json"]);
  expect(findingOf({ ...JSON.parse(stdout), exitCode: 1 }, "GOCACHE")).toMatchObject({
    severity: "warning",
    message: `${gocache} can't be written, so go can't keep what it builds, and restore can't fill it`,
  });
});

test("GOCACHE=off is an error", async () => {
  const diagnosis = await (await newStep({ GOCACHE: "off" })).examine(`--cache-dir=${dir.join("plugin")}`);
  expect(findingOf(diagnosis, "GOCACHE")).toMatchObject({
    severity: "error",
    message: "GOCACHE is off, so every go command fails, and there is nothing to restore or save",
    remedy: expect.stringContaining("unset GOCACHE"),
  });
});

test.each([
  ["true", undefined, "warning"],
  ["true", "test", "ok"],
  ["false", undefined, "ok"],
])("in a CI that is not known the job needs a name: CI=%s, --scope=%s", async (CI, scope, severity) => {
  const step = await newStep({ CI, GITHUB_ACTIONS: undefined, GOCACHE_SCOPE: scope });
  const finding = findingOf(await step.examine(), "scope");
  expect(finding?.severity).toBe(severity as never);
  if (severity === "warning") expect(finding?.remedy).toStartWith("set --scope to the name of the job");
  expect(checksWith(await step.examine(), "error")).toEqual(["GOCACHEPROG"]);
});
