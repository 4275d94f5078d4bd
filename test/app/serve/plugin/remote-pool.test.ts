import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { RemoteConfig } from "../../../../src/app/config.ts";
import { journalDir } from "../../../../src/app/remote/remote.ts";
import { type PoolTimes, RemotePool } from "../../../../src/app/serve/plugin/remote-pool.ts";
import { CompileTimesFile } from "../../../../src/app/summary/compile-times-file.ts";
import { resolveSettings, toConfig } from "../../../../src/cli/options/settings.ts";
import { TimeoutError } from "../../../../src/lib/async/deadline.ts";
import { Counters } from "../../../../src/lib/counters.ts";
import { openJournal } from "../../../../src/remote/packed/write/journal.ts";
import type { Scope } from "../../../../src/remote/scope/scope.ts";
import { DirectoryStore } from "../../../../src/store/directory/directory-store.ts";
import { ACTION, HELLO, openLocal, putOutput } from "../../../buildcache/local-fixture.ts";
import { openHealth } from "../../../store/guard/health-fixture.ts";
import { eventually } from "../../../support/eventually.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { silentLog } from "../../../support/silent-log.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";

const NEVER_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** What takes half a minute takes milliseconds. */
const SOON: PoolTimes = { tickMs: 2, idleMs: NEVER_MS };
const ENTRY = { actionId: ACTION, outputId: HELLO, sizeBytes: 5, putTimeMs: 1_700_000_000_000 };

let dir: TempDir;

beforeEach(() => {
  dir = tempDir("remote-pool");
  mkdirSync(dir.join("bucket"));
});
afterEach(() => {
  jest.useRealTimers();
  dir[Symbol.dispose]();
});

/** A server's remotes. */
function openPool(times?: PoolTimes) {
  const { local } = openLocal(dir.join("cache"));
  const flags = new Map([["bucket", pathToFileURL(dir.join("bucket")).href]]);
  const config = toConfig(resolveSettings(flags, {}));
  const remote = config.remote as RemoteConfig;
  const { guard, health } = openHealth(dir.join("remote.json"));
  const store = guard(new DirectoryStore(dir.join("bucket")));
  const root = dir.join("cache");
  const counters = new Counters();
  const compileTimes = new CompileTimesFile(root);
  const parts = { env: {}, root, shownRoot: root, log: silentLog, counters, compileTimes };
  const pool = new RemotePool(
    { ...parts, config: { ...config, remote }, openStore: () => store },
    local,
    times,
  );
  return {
    pool,
    health,
    journals: journalDir(dir.join("cache"), remote),
    path: putOutput(local, HELLO, "hello"),
    // What is being stored would make the directory anew.
    [Symbol.asyncDispose]: () => pool.drain(NEVER_MS),
  };
}

function scopeOf(branch: string): Scope {
  const names = { platform: "linux_amd64_go1.27.4", project: "example.com/a", branch, job: "local" };
  return { ...names, run: "2026-01-31", fallbackBranches: [], defaultBranch: "main" };
}

const records = () => filesBelow(dir.join("bucket", "packed", "v1", "run"));

test("a scope that no session has used for ten minutes is released, and opened again on demand", async () => {
  jest.useFakeTimers();
  await using opened = openPool();
  const { pool } = opened;
  await pool.openSession(scopeOf("main"), {}).settle();
  jest.advanceTimersByTime(9 * MINUTE_MS);
  expect(pool.scopes.length).toBe(1);
  jest.advanceTimersByTime(2 * MINUTE_MS);
  expect(pool.scopes.length).toBe(0);
  pool.openSession(scopeOf("main"), {});
  expect(pool.scopes.length).toBe(1);
  jest.useRealTimers();
});

test("one with a session stays, however long that says nothing", async () => {
  jest.useFakeTimers();
  await using opened = openPool();
  const { pool } = opened;
  const session = pool.openSession(scopeOf("main"), {});
  await pool.openSession(scopeOf("other"), {}).settle();
  jest.advanceTimersByTime(24 * 60 * MINUTE_MS);
  expect(pool.scopes.map(({ scope }) => scope.branch)).toEqual(["main"]);
  await session.settle();
  jest.advanceTimersByTime(11 * MINUTE_MS);
  expect(pool.scopes.length).toBe(0);
  jest.useRealTimers();
});

test("more than 64 scopes are not kept, the longest unused go first", async () => {
  await using opened = openPool({ tickMs: NEVER_MS, idleMs: NEVER_MS });
  const { pool } = opened;
  const held = pool.openSession(scopeOf("held"), {});
  for (let n = 0; n < 80; n++) await pool.openSession(scopeOf(`branch-${n}`), {}).settle();
  expect(pool.scopes.length).toBe(64);
  await held.settle();
});

test("what a session puts is in the bucket's records every half minute, long before the session ends", async () => {
  await using opened = openPool(SOON);
  const { pool, path } = opened;
  const session = pool.openSession(scopeOf("main"), {});
  session.put({ ...ENTRY, path });
  await eventually("a record in the bucket", () => records().length > 0);
  expect(records()).toEqual([
    expect.stringMatching(/^linux_amd64_go1.27.4\/.*\/main\/local\/.*\.json\.zst$/),
  ]);
  await session.settle();
});

test("a server that stops uploads what is left, also to a bucket that did not answer a moment ago", async () => {
  const opened = openPool({ tickMs: NEVER_MS, idleMs: NEVER_MS });
  opened.health.writeFailed(new TimeoutError(5_000));
  opened.pool.openSession(scopeOf("main"), {}).put({ ...ENTRY, path: opened.path });
  await opened.pool.drain(NEVER_MS);
  expect(records()).toEqual([expect.stringContaining("/main/local/")]);
});

test("what a session that died has left is taken up every half minute, too", async () => {
  await using opened = openPool(SOON);
  const journal = openJournal(opened.journals, scopeOf("left"));
  journal.append([ENTRY]);
  journal.handOver();
  await eventually("a record in the bucket", () => records().length > 0);
  expect(records()).toEqual([expect.stringContaining("/left/local/")]);
  await eventually("no journal", () => filesBelow(opened.journals).length === 0);
});
