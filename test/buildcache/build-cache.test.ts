import { expect, test } from "bun:test";
import { BuildCache } from "../../src/buildcache/build-cache.ts";
import { ReadThrough } from "../../src/buildcache/read-through.ts";
import { GoCache } from "../../src/gocache/go-cache.ts";
import { Counters } from "../../src/lib/counters.ts";
import { FullDisk } from "../support/full-disk.ts";
import { testOnLinux } from "../support/platform.ts";
import { silentLog } from "../support/silent-log.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { ACTION, HELLO, type LocalFixture, openLocal, putOutput, writeEntry } from "./local-fixture.ts";
import { RecordingRemote } from "./recording-remote.ts";

const OTHER_ACTION = "01".repeat(32);
const REMOTE_ENTRY = { actionId: ACTION, outputId: HELLO, sizeBytes: 5, putTimeMs: 1_700_000_000_000 };

function open(
  root: string,
  remote?: RecordingRemote,
  concurrency = 8,
): LocalFixture & { cache: BuildCache; counters: Counters } {
  const counters = new Counters();
  const fixture = openLocal(root);
  const cache = new BuildCache({ ...fixture, remote, counters, concurrency, log: silentLog });
  return { ...fixture, cache, counters };
}

test("a local hit returns synchronously without a remote lookup", () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  const { dir: localDir, cache, counters } = open(dir.path, remote);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  expect(cache.get(ACTION)).toMatchObject({ outputId: HELLO, sizeBytes: 5 });
  expect(remote.lookups).toEqual([]);
  expect(counters.snapshot()).toEqual({ get: 1, get_local_hit: 1 });
});

test("the remote gets local hits and nothing else", async () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  const { dir: localDir, cache } = open(dir.path, remote);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  await cache.get(ACTION);
  remote.answers.set(OTHER_ACTION, Promise.resolve(REMOTE_ENTRY));
  await cache.get(OTHER_ACTION);
  expect(remote.uses).toEqual([ACTION]);
});

test("what go's own cache has is a local hit, and is passed to the remote as if it was put", () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  const { local } = openLocal(dir.join("helper"));
  const from = new GoCache(dir.join("go-build"));
  const output = from.createOutput(HELLO);
  output.write(Buffer.from("hello"));
  output.commit();
  from.putRecord(ACTION, REMOTE_ENTRY, REMOTE_ENTRY.putTimeMs);
  const counters = new Counters();
  const readThrough = new ReadThrough(() => from, local);
  const cache = new BuildCache({ local, readThrough, remote, counters, concurrency: 8, log: silentLog });
  const entry = cache.get(ACTION);
  expect(entry).toMatchObject(REMOTE_ENTRY);
  expect(cache.get(ACTION)).toEqual(entry);
  expect([remote.lookups, remote.puts, remote.uses]).toEqual([[], [entry], [ACTION]] as never);
  expect(counters.snapshot()).toEqual({ get: 2, get_local_hit: 2, get_gocache_hit: 1 });
});

test("without a remote a local miss returns synchronously", () => {
  using dir = tempDir("build-cache");
  const { cache, counters } = open(dir.path);
  expect(cache.get(ACTION)).toBeUndefined();
  expect(counters.snapshot()).toEqual({ get: 1, get_local_miss: 1 });
});

test("a remote hit is recorded with the remote's put time and then is a local hit", async () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  const { local, cache, counters } = open(dir.path, remote);
  putOutput(local, HELLO, "hello");
  remote.answers.set(ACTION, Promise.resolve(REMOTE_ENTRY));
  const entry = { ...REMOTE_ENTRY, path: dir.join("output", "2c", HELLO) };
  expect(await cache.get(ACTION)).toEqual(entry);
  expect(cache.get(ACTION)).toEqual(entry);
  expect(counters.snapshot()).toMatchObject({
    get: 2,
    get_local_hit: 1,
    get_local_miss: 1,
    get_remote_hit: 1,
  });
});

test("a remote miss is a miss", async () => {
  using dir = tempDir("build-cache");
  const { cache, counters } = open(dir.path, new RecordingRemote());
  expect(await cache.get(ACTION)).toBeUndefined();
  expect(counters.get("get_remote_miss")).toBe(1);
});

test("a remote hit is a miss if its output has disappeared again", async () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  remote.answers.set(ACTION, Promise.resolve(REMOTE_ENTRY));
  expect(await open(dir.path, remote).cache.get(ACTION)).toBeUndefined();
});

testOnLinux("a remote hit is a miss if its record can't be written", async () => {
  using disk = new FullDisk(16 * 1024);
  const remote = new RecordingRemote();
  remote.answers.set(ACTION, Promise.resolve(REMOTE_ENTRY));
  disk.makeReadOnly();
  expect(await open(disk.path, remote).cache.get(ACTION)).toBeUndefined();
});

test("concurrent gets of one action cause one remote lookup", async () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  const { local, cache } = open(dir.path, remote);
  putOutput(local, HELLO, "hello");
  const answer = Promise.withResolvers<typeof REMOTE_ENTRY>();
  remote.answers.set(ACTION, answer.promise);
  const gets = [cache.get(ACTION), cache.get(ACTION), cache.get(ACTION)];
  answer.resolve(REMOTE_ENTRY);
  const entries = await Promise.all(gets);
  expect([remote.lookups, entries.map((entry) => entry?.outputId)]).toEqual([
    [ACTION],
    [HELLO, HELLO, HELLO],
  ]);
});

test("the next get after a miss looks up the remote again", async () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  const { cache } = open(dir.path, remote);
  await cache.get(ACTION);
  await cache.get(ACTION);
  expect(remote.lookups).toEqual([ACTION, ACTION]);
});

/** Gets three actions from a remote that does not answer; returns the number of remote lookups. */
async function concurrentLookups(dir: TempDir, concurrency: number): Promise<number> {
  const remote = new RecordingRemote();
  const { cache } = open(dir.path, remote, concurrency);
  const pending = Promise.withResolvers<undefined>();
  const ids = ["01", "02", "03"].map((byte) => byte.repeat(32));
  for (const id of ids) remote.answers.set(id, pending.promise);
  const gets = ids.map((id) => cache.get(id));
  const lookups = remote.lookups.length;
  pending.resolve(undefined);
  await Promise.all(gets);
  return lookups;
}

test("the number of gets that wait for the remote is limited", async () => {
  using dir = tempDir("build-cache");
  expect([
    await concurrentLookups(dir, 1),
    await concurrentLookups(dir, 2),
    await concurrentLookups(dir, 8),
  ]).toEqual([1, 2, 3]);
});

test("drain and settle call the remote's, and do nothing without a remote", async () => {
  using dir = tempDir("build-cache");
  const remote = new RecordingRemote();
  await open(dir.path, remote).cache.drain();
  expect([remote.drains, remote.settles]).toEqual([1, 0]);
  await open(dir.path, remote).cache.settle();
  expect([remote.drains, remote.settles]).toEqual([1, 1]);
  await open(dir.path).cache.drain();
  await open(dir.path).cache.settle();
});
