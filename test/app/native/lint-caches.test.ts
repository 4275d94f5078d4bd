/** The caches of linters beside go's own. Real linters: `test/e2e/native/linters.test.ts`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { makeKey } from "../../remote/packed/trust-fixture.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { testOnPosix } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { NativeMachine } from "./native-machine.ts";

let dir: TempDir;
let bucket: string;
let machines = 0;
/** The names of the files of one entry in each cache. */
let ofGo: string[];
let ofStaticcheck: string[];
let ofGolangci: string[];

function newMachine(options: ConstructorParameters<typeof NativeMachine>[2] = {}, at = bucket) {
  return new NativeMachine(dir.join(`machine-${++machines}`), at, options);
}

/** The bucket has a run that used an entry of each cache. */
beforeAll(async () => {
  dir = tempDir("lint-caches");
  bucket = dir.join("bucket");
  mkdirSync(bucket);
  const machine = newMachine({ env: { DRONE_BUILD_NUMBER: "1" } });
  await machine.restore();
  ofGo = machine.put("build", "an archive");
  ofStaticcheck = machine.put("staticcheck", "findings");
  ofGolangci = machine.put("golangci-lint", "issues");
  expect(await machine.save()).toEqual({
    out: [
      "1 entries used, 1 of them new, 10 B uploaded",
      "golangci-lint: 1 entries used, 1 of them new, 6 B uploaded",
      "staticcheck: 1 entries used, 1 of them new, 8 B uploaded",
    ].map((line) => expect.stringContaining(line.replace(/, \d+ B.*/, ""))),
    err: [],
  });
});
afterAll(() => dir[Symbol.dispose]());

test("each cache gets what was saved of it, and nothing of another", async () => {
  const machine = newMachine();
  const { out, err } = await machine.restore();
  expect(err).toEqual([]);
  expect(out).toEqual(
    [
      `1 entries are in ${machine.paths.build}, `,
      `golangci-lint: 1 entries are in ${machine.paths["golangci-lint"]}, `,
      `staticcheck: 1 entries are in ${machine.paths.staticcheck}, `,
    ].map((start) => expect.stringContaining(start)),
  );
  expect([machine.files("build"), machine.files("golangci-lint"), machine.files("staticcheck")]).toEqual([
    ofGo,
    ofGolangci,
    ofStaticcheck,
  ]);
  expect(
    readFileSync(join(machine.paths.staticcheck, ofStaticcheck.find((n) => n.endsWith("-d")) ?? ""), "utf8"),
  ).toBe("findings");
});

test("only what is chosen is restored and saved", async () => {
  const machine = newMachine({ env: { DRONE_BUILD_NUMBER: "2" } });
  expect((await machine.restore(["build"])).out).toHaveLength(1);
  expect([machine.files("build"), existsSync(machine.paths.staticcheck)]).toEqual([ofGo, false]);
  const linted = newMachine({ env: { DRONE_BUILD_NUMBER: "2" } });
  expect((await linted.restore(["lint"])).out).toHaveLength(2);
  expect([existsSync(linted.paths.build), linted.files("staticcheck")]).toEqual([false, ofStaticcheck]);

  const own = dir.join("chosen");
  mkdirSync(own);
  const saving = newMachine({}, own);
  for (const cache of ["build", "staticcheck"] as const) saving.put(cache, "something");
  expect((await saving.save(["lint"])).out).toEqual([expect.stringContaining("staticcheck: 1 entries used")]);
  expect((await newMachine({}, own).restore()).out).toEqual([
    "no earlier run of this job is known",
    expect.stringContaining("staticcheck: 1 entries are in "),
  ]);
});

test("where no linter ran, nothing is made and nothing is said of linters", async () => {
  const own = dir.join("no-linters");
  mkdirSync(own);
  const machine = newMachine({}, own);
  expect(await machine.restore()).toEqual({ out: ["no earlier run of this job is known"], err: [] });
  machine.put("build", "an archive");
  expect((await machine.save()).out).toEqual([expect.stringMatching(/^1 entries used/)]);
  const next = newMachine({}, own);
  expect((await next.restore()).out).toEqual([expect.stringMatching(/^1 entries are in /)]);
  expect([existsSync(next.paths.staticcheck), existsSync(next.paths["golangci-lint"])]).toEqual([
    false,
    false,
  ]);
});

test("a job that runs no linter gets no linter's cache, though others of its project do; a pull request does", async () => {
  const other = newMachine({ flags: { scope: "build" } });
  expect((await other.restore()).out).toEqual([expect.stringMatching(/^1 entries are in /)]);
  expect(existsSync(other.paths.staticcheck)).toBe(false);
  const pullRequest = newMachine({ env: { DRONE_PULL_REQUEST: "5", DRONE_TARGET_BRANCH: "main" } });
  expect((await pullRequest.restore(["lint"])).out).toHaveLength(2);
});

test("a cache that the run did not use is not recorded, and its earlier run stays known", async () => {
  const machine = newMachine({ env: { DRONE_BUILD_NUMBER: "3" } });
  await machine.restore();
  machine.use("staticcheck", ofStaticcheck);
  expect((await machine.save()).out).toEqual([
    expect.stringMatching(/^0 entries used/),
    expect.stringMatching(/^staticcheck: 1 entries used, 0 of them new/),
  ]);
  expect((await newMachine().restore()).out).toHaveLength(3);
});

test("the run's sums count each cache's entries once, however often and however split they are restored", async () => {
  const machine = newMachine({ env: { DRONE_BUILD_NUMBER: "4" } });
  for (const only of [["build"], ["lint"], ["build", "lint"]] as const) await machine.restore(only);
  expect(machine.counts).toMatchObject({ restores: 3, restore_entries: 3, restore_entries_staticcheck: 1 });
});

describe("of odd directories", () => {
  test("a file in the place of a linter's is one line, and go's own cache is restored", async () => {
    const machine = newMachine();
    mkdirSync(join(machine.paths.staticcheck, ".."), { recursive: true });
    writeFileSync(machine.paths.staticcheck, "");
    const { out, err } = await machine.restore();
    expect(out).toHaveLength(2);
    expect(err).toEqual([expect.stringMatching(/^go-cache-plugin: nothing was restored: .*staticcheck/)]);
    expect(machine.files("build")).toEqual(ofGo);
    expect((await machine.save()).err).toEqual([]);
  });

  testOnPosix("a folder that is a link is not written to, and one line says so", async () => {
    const machine = newMachine();
    const elsewhere = dir.join(`elsewhere-${machines}`);
    mkdirSync(elsewhere);
    mkdirSync(machine.paths.staticcheck, { recursive: true });
    for (const name of ofStaticcheck)
      symlinkSync(elsewhere, join(machine.paths.staticcheck, name.slice(0, 2)));
    const { out, err } = await machine.restore(["lint"]);
    expect(out).toContainEqual(expect.stringMatching(/^staticcheck: 0 .*; 1 could not be restored$/));
    expect(err).toEqual([expect.stringContaining(`not all is in ${machine.paths.staticcheck}: `)]);
    expect(filesBelow(elsewhere)).toEqual([]);
  });

  testOnPosix(
    "a linter's that is a link is used as the linter does, one that leads nowhere is one line",
    async () => {
      const machine = newMachine();
      const elsewhere = dir.join(`elsewhere-${machines}`);
      mkdirSync(elsewhere);
      mkdirSync(join(machine.paths.staticcheck, ".."), { recursive: true });
      symlinkSync(elsewhere, machine.paths.staticcheck);
      symlinkSync(dir.join("nowhere", "at-all"), machine.paths["golangci-lint"]);
      const { err } = await machine.restore(["lint"]);
      expect(filesBelow(elsewhere)).toEqual(ofStaticcheck);
      expect(err).toHaveLength(1);
      expect(existsSync(dir.join("nowhere"))).toBe(false);
    },
  );

  test("an output with other bytes than its name says is not saved, and one line says so", async () => {
    const own = dir.join("damaged");
    mkdirSync(own);
    const machine = newMachine({}, own);
    const names = machine.put("staticcheck", "findings");
    writeFileSync(
      join(machine.paths.staticcheck, names.find((name) => name.endsWith("-d")) ?? ""),
      "findingz",
    );
    const { out, err } = await machine.save(["lint"]);
    expect(out).toEqual([expect.stringMatching(/^staticcheck: .*; not all could be saved$/)]);
    expect(err).toEqual([expect.stringContaining(`outputs in ${machine.paths.staticcheck} can't be read`)]);
  });

  test("what lies there besides entries is neither saved nor touched", async () => {
    const own = dir.join("besides");
    mkdirSync(own);
    const machine = newMachine({}, own);
    const names = machine.put("golangci-lint", "issues");
    for (const name of ["README", "trim.txt"]) writeFileSync(join(machine.paths["golangci-lint"], name), "1");
    await machine.save(["lint"]);
    const next = newMachine({}, own);
    await next.restore(["lint"]);
    expect(next.files("golangci-lint")).toEqual(names);
  });
});

describe("with keys to trust", () => {
  let signing: Record<string, string>;

  beforeAll(() => {
    writeFileSync(dir.join("sign.key"), formatSecretKey(makeKey()), { mode: 0o600 });
    signing = { "sign-key": dir.join("sign.key") };
  });

  test("an unsigned linter's cache is not restored", async () => {
    const machine = newMachine({ flags: signing });
    expect((await machine.restore(["lint"])).out).toEqual([]);
    expect(existsSync(machine.paths.staticcheck)).toBe(false);
  });

  test("what a run has made since its restore is signed, and nothing that lay there before", async () => {
    const own = dir.join("signed");
    mkdirSync(own);
    const machine = newMachine({ flags: signing }, own);
    const early = machine.put("staticcheck", "of whoever");
    expect((await machine.save(["lint"])).err).toEqual([
      expect.stringContaining("nothing is signed without a restore before"),
    ]);
    await machine.restore();
    const made = machine.put("staticcheck", "of this run");
    expect(await machine.save(["lint"])).toEqual({
      out: [expect.stringMatching(/^staticcheck: 1 entries used, 1 of them new/)],
      err: [],
    });
    const next = newMachine({ flags: signing }, own);
    expect((await next.restore(["lint"])).err).toEqual([]);
    expect(next.files("staticcheck")).toEqual(made);
    expect(made).not.toEqual(early);
  });

  testOnPosix("nothing is signed of a linter's cache of another user", async () => {
    if (process.getuid?.() !== 0) return;
    const own = dir.join("foreign");
    mkdirSync(own);
    const machine = newMachine({ flags: signing }, own);
    await machine.restore();
    machine.put("staticcheck", "of another user");
    chownSync(machine.paths.staticcheck, 65_534, 65_534);
    const { out, err } = await machine.save(["lint"]);
    expect(out).toEqual([]);
    expect(err).toEqual([expect.stringMatching(/nothing was saved: .* belongs to the user 65534/)]);
    rmSync(machine.paths.staticcheck, { recursive: true });
  });
});
