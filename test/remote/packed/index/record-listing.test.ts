import { describe, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { PackedKeys, scopeHash } from "../../../../src/remote/packed/format/keys.ts";
import { hasRuns, listAdditions, listRuns } from "../../../../src/remote/packed/index/record-listing.ts";
import type { Scope } from "../../../../src/remote/scope/scope.ts";
import { rejection } from "../../../support/rejection.ts";
import { failLists } from "../failing-store.ts";
import { entryOf, HOUR_MS, PLATFORM, StockedBucket, scopeOf } from "../stocked-bucket.ts";

const ENTRIES = [entryOf("")];
const NEVER = new AbortController().signal;

/** The keys of the records to read for a scope, each with its role. */
async function runs({ store, keys }: StockedBucket, scope: Partial<Scope> = {}): Promise<[string, string][]> {
  const { refs } = await listRuns(store, [keys], scopeOf(scope), NEVER);
  return refs.map(({ role, key }) => [role, key]);
}

async function additions({ store, keys }: StockedBucket): Promise<string[]> {
  const { refs } = await listAdditions(store, [keys], scopeOf(), NEVER);
  return refs.map(({ key }) => key);
}

describe("a scope's own runs:", () => {
  test("the records of all machines of the newest two runs are read, the newest first", async () => {
    using bucket = new StockedBucket();
    await bucket.run(ENTRIES, { run: "1", ageMs: 3 * HOUR_MS });
    const second = await bucket.run(ENTRIES, { run: "2", ageMs: 2 * HOUR_MS });
    const third = await bucket.run(ENTRIES, { run: "3", ageMs: HOUR_MS });
    const other = await bucket.run(ENTRIES, { run: "3", machine: "m2" });
    expect(await runs(bucket)).toEqual([
      ["own", other],
      ["own", third],
      ["own", second],
    ]);
  });

  test("unfinished runs of many machines do not crowd out the newest complete one", async () => {
    using bucket = new StockedBucket();
    const machines = Array.from({ length: 6 }, (_, n) => `m${n}`);
    const many = Array.from({ length: 60 }, (_, n) => ({
      ...entryOf(""),
      actionId: entryOf(`${n}`).actionId,
    }));
    const whole = await Promise.all(
      machines.map((machine) => bucket.run(many, { run: "1", machine, ageMs: 9 * HOUR_MS, hasEnded: true })),
    );
    for (const run of ["2", "3", "4"])
      for (const machine of machines) await bucket.run(ENTRIES, { run, machine, ageMs: HOUR_MS });
    const read = (await runs(bucket)).map(([, key]) => key);
    expect(read).toHaveLength(16);
    expect(whole.filter((key) => !read.includes(key))).toEqual([]);
  });

  test("the run written last is the newest, even if it started earlier", async () => {
    using bucket = new StockedBucket();
    const early = await bucket.run(ENTRIES, { run: "1", ageMs: 2 * HOUR_MS });
    const late = await bucket.run(ENTRIES, { run: "2", ageMs: HOUR_MS });
    bucket.age(early, 0);
    expect(await runs(bucket)).toEqual([
      ["own", early],
      ["own", late],
    ]);
  });

  test("objects that are no run records, or too large, are skipped", async () => {
    using bucket = new StockedBucket();
    const dir = bucket.keys.runs(scopeOf());
    await bucket.put(`${dir}README`, Buffer.from("x"));
    await bucket.put(`${dir}deeper/8232774399999-1-m.json.gz`, Buffer.from("x"));
    const large = await bucket.run(ENTRIES, { run: "2" });
    truncateSync(bucket.dir.join(large), (8 << 20) + 1);
    const good = await bucket.run(ENTRIES, { run: "1", ageMs: HOUR_MS });
    expect(await runs(bucket)).toEqual([["own", good]]);
  });

  test("no more than sixteen records are read", async () => {
    using bucket = new StockedBucket();
    for (let n = 0; n < 20; n++) await bucket.run(ENTRIES, { machine: `m${n}` });
    expect(await runs(bucket)).toHaveLength(16);
  });

  test("only records of the same platform, project, branch and job are own records", async () => {
    using bucket = new StockedBucket();
    for (const name of ["platform", "project", "branch", "job"])
      await bucket.run(ENTRIES, { [name]: "other" });
    expect(await runs(bucket, { defaultBranch: undefined })).toEqual([]);
  });
});

describe("besides a scope's own runs", () => {
  const pullRequest = { branch: "pr-1", fallbackBranches: ["release", "main"] };

  test("the runs of the same job on the fallback branches are read, the nearest branch first", async () => {
    using bucket = new StockedBucket();
    const main = await bucket.run(ENTRIES);
    const own = await bucket.run(ENTRIES, { branch: "pr-1", ageMs: HOUR_MS });
    const release = await bucket.run(ENTRIES, { branch: "release", ageMs: 2 * HOUR_MS });
    await bucket.run(ENTRIES, { branch: "release", job: "lint" });
    expect(await runs(bucket, pullRequest)).toEqual([
      ["own", own],
      ["other", release],
      ["other", main],
    ]);
  });

  test("no other fallback is requested", async () => {
    using bucket = new StockedBucket();
    await bucket.run(ENTRIES, { branch: "release" });
    bucket.store.calls.length = 0;
    await runs(bucket, pullRequest);
    const { keys } = bucket;
    expect(bucket.store.calls).toEqual(
      ["pr-1", "release", "main"].map((branch) => `list ${keys.runs(scopeOf(), branch)}`),
    );
  });
});

describe("without any record", () => {
  test("the newest complete run of each job of the default branch is used, at most four jobs", async () => {
    using bucket = new StockedBucket();
    const ages = [3, 1, 5, 2, 4];
    const keys: string[] = [];
    for (const [n, age] of ages.entries()) {
      keys.push(await bucket.run(ENTRIES, { job: "abcde"[n] ?? "", ageMs: age * HOUR_MS }));
    }
    expect(await runs(bucket, { job: "new", branch: "pr-1" })).toEqual(
      [1, 3, 0, 4].map((n) => ["other", keys[n] ?? ""]),
    );
  });

  test("the shared record is used if the default branch has no runs", async () => {
    using bucket = new StockedBucket();
    const key = await bucket.record(bucket.keys.shared(PLATFORM), "shared", ENTRIES);
    expect(await runs(bucket)).toEqual([["other", key]]);
    expect(await runs(bucket, { defaultBranch: undefined })).toEqual([["other", key]]);
    const run = await bucket.run(ENTRIES, { job: "lint" });
    expect(await runs(bucket)).toEqual([["other", run]]);
  });

  test("a shared record that is too large is skipped", async () => {
    using bucket = new StockedBucket();
    const key = await bucket.record(bucket.keys.shared(PLATFORM), "shared", ENTRIES);
    truncateSync(bucket.dir.join(key), (8 << 20) + 1);
    expect(await runs(bucket)).toEqual([]);
  });

  test("an empty bucket costs four requests", async () => {
    using bucket = new StockedBucket();
    const scope = { branch: "pr-1", fallbackBranches: ["main"] };
    expect(await runs(bucket, scope)).toEqual([]);
    const { keys } = bucket;
    expect(bucket.store.calls).toEqual([
      `list ${keys.runs(scopeOf(), "pr-1")}`,
      `list ${keys.runs(scopeOf())}`,
      `list ${keys.runsOfBranch(scopeOf(), "main")}`,
      `list ${keys.shared(PLATFORM)}`,
    ]);
  });
});

describe("one request tells whether a job has runs", () => {
  const scope = scopeOf({ branch: "pr-1", fallbackBranches: ["main"] });

  test("on its branch or a fallback branch", async () => {
    for (const branch of ["pr-1", "main"]) {
      using bucket = new StockedBucket();
      await bucket.run(ENTRIES, { branch });
      bucket.store.calls.length = 0;
      expect(await hasRuns(bucket.store, [bucket.keys], scope)).toBe(true);
      expect(bucket.store.calls).toEqual([`list ${bucket.keys.runsOfProject(scope)}`]);
    }
  });

  test("those of other jobs, branches, projects and platforms are none", async () => {
    using bucket = new StockedBucket();
    for (const name of ["platform", "project", "branch", "job"])
      await bucket.run(ENTRIES, { [name]: "main-2" });
    expect(await hasRuns(bucket.store, [bucket.keys], scope)).toBe(false);
  });

  test("a full page does not tell, so there may be some", async () => {
    using bucket = new StockedBucket();
    const put = (n: number) => bucket.put(`${bucket.keys.runs(scope, `a-${n}`)}x`, new Uint8Array());
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => put(n)));
    expect(await hasRuns(bucket.store, [bucket.keys], scope)).toBe(true);
  });
});

describe("additions:", () => {
  test("those of other scopes of the project are read, the newest first", async () => {
    using bucket = new StockedBucket();
    const old = await bucket.addition(ENTRIES, { branch: "pr-1", ageMs: HOUR_MS });
    const young = await bucket.addition(ENTRIES, { job: "lint" });
    await bucket.addition(ENTRIES);
    await bucket.addition(ENTRIES, { project: "example.com/b", branch: "pr-1" });
    await bucket.addition(ENTRIES, { platform: "darwin_arm64_go1.26.3", branch: "pr-1" });
    expect(await additions(bucket)).toEqual([young, old]);
  });

  test("at most 32 are read, and none above 2 MiB", async () => {
    using bucket = new StockedBucket();
    const other = scopeHash(scopeOf({ branch: "pr-1" }));
    const dir = bucket.keys.additions(scopeOf());
    const names = Array.from({ length: 34 }, (_, n) => `${dir}82327743999${10 + n}-${other}-x.json.zst`);
    for (const key of [...names, `${dir}stray`, `${dir}8232774399999-xyz-x.json.zst`]) {
      await bucket.put(key, Buffer.from("x"));
    }
    truncateSync(bucket.dir.join(names[0] ?? ""), (2 << 20) + 1);
    expect(await additions(bucket)).toEqual(names.slice(1, 33));
  });
});

test("the server's time is the latest of all pages", async () => {
  using bucket = new StockedBucket();
  let serverTimeMs = 1_000;
  bucket.store.onList = async function* () {
    serverTimeMs -= 100;
    yield { objects: [], serverTimeMs };
  };
  const scope = scopeOf({ branch: "pr-1", fallbackBranches: ["main"], defaultBranch: undefined });
  expect(await listRuns(bucket.store, [bucket.keys], scope, NEVER)).toEqual({
    refs: [],
    serverTimeMs: 900,
    own: [],
  });
});

test.each(["run/", "new/"])(
  "a listing below %s that fails, or ends without a page, is an error",
  async (kind) => {
    using bucket = new StockedBucket();
    const { store, keys } = bucket;
    const list = kind === "run/" ? listRuns : listAdditions;
    store.onList = async function* () {};
    expect(String(await rejection(list(store, [keys], scopeOf(), NEVER)))).toContain(
      `no answer to the listing of`,
    );
    failLists(store, new Error("503"));
    expect(await rejection(list(store, [keys], scopeOf(), NEVER))).toEqual(new Error("503"));
  },
);

describe("with several prefixes", () => {
  const scope = scopeOf({ branch: "pr-1", fallbackBranches: ["main"] });

  test("the own prefix comes first, and only its records are own records", async () => {
    using bucket = new StockedBucket("pr");
    const main = new PackedKeys("main");
    const own = await bucket.run(ENTRIES, { branch: "pr-1", ageMs: HOUR_MS });
    const theirs = await bucket.record(main.run(scopeOf({ branch: "main" }), 0, "m1"), "run", ENTRIES);
    const same = await bucket.record(main.run(scopeOf({ branch: "pr-1" }), 0, "m1"), "run", ENTRIES);
    const { refs } = await listRuns(bucket.store, [bucket.keys, main], scope, NEVER);
    expect(refs.map(({ role, key }) => [role, key])).toEqual([
      ["own", own],
      ["other", same],
      ["other", theirs],
    ]);
  });

  test("fallbacks for a scope without records are listed in each prefix", async () => {
    using bucket = new StockedBucket("pr");
    const main = new PackedKeys("main");
    const shared = await bucket.record(main.shared(PLATFORM), "shared", ENTRIES);
    const { refs } = await listRuns(bucket.store, [bucket.keys, main], scope, NEVER);
    expect(refs.map(({ key }) => key)).toEqual([shared]);
  });

  test("additions are read from each prefix; from other prefixes, also those of the same scope", async () => {
    using bucket = new StockedBucket("pr");
    const main = new PackedKeys("main");
    await bucket.addition(ENTRIES, scope);
    const theirs = await bucket.record(main.addition(scope, 0), "new", ENTRIES);
    const { refs } = await listAdditions(bucket.store, [bucket.keys, main], scope, NEVER);
    expect(refs.map(({ key }) => key)).toEqual([theirs]);
  });
});
