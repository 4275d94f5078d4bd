import { expect, spyOn, test } from "bun:test";
import { existsSync } from "node:fs";
import { Counters } from "../../../src/lib/counters.ts";
import { SplitRemote, type SplitRemoteOptions } from "../../../src/remote/split/split-remote.ts";
import { GuardedStore } from "../../../src/store/guard/guarded-store.ts";
import { HealthFile } from "../../../src/store/guard/health-file.ts";
import { StoreHealth } from "../../../src/store/guard/store-health.ts";
import { ACTION, HELLO, openLocal } from "../../buildcache/local-fixture.ts";
import { objectOf, objectText, TamperedStore, untilAborted } from "../../store/tampered-store.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { silentLog } from "../../support/silent-log.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { ACTION_KEY, fill, HELLO_KEY, HELLO_RECORD, localPut } from "./split-fixture.ts";

function openRemote(
  dir: TempDir,
  {
    timeoutMs = 60_000,
    bucket = dir.join("bucket"),
    ...options
  }: Partial<SplitRemoteOptions> & { timeoutMs?: number; bucket?: string } = {},
) {
  const store = new TamperedStore(bucket);
  const file = new HealthFile(dir.join("state", "remote.json"));
  const health = new StoreHealth({ file, log: silentLog, store });
  const { local } = openLocal(dir.join("cache"));
  const counters = new Counters();
  const remote = new SplitRemote({
    store: new GuardedStore(store, { health, timeoutMs }),
    prefix: "",
    local,
    readOnly: false,
    minBytes: 0,
    concurrency: 4,
    drainTimeoutMs: 60_000,
    journalDir: dir.join("state", "split"),
    counters,
    log: silentLog,
    ...options,
  });
  return { store, local, counters, remote };
}

test("one machine gets what another has put", async () => {
  using dir = tempDir("split-remote");
  const one = openRemote(dir);
  one.remote.put(localPut(one.local));
  await one.remote.drain();
  using other = tempDir("split-remote");
  const two = openRemote(other, { bucket: dir.join("bucket") });
  expect(await two.remote.get(ACTION)).toMatchObject({ outputId: HELLO, sizeBytes: 5 });
  expect(two.local.findOutput(HELLO)).toMatchObject({ sizeBytes: 5 });
});

test("read-only, it reads but does not write", async () => {
  using dir = tempDir("split-remote");
  const { store, local, remote } = openRemote(dir, { readOnly: true });
  remote.put(localPut(local));
  await remote.drain();
  expect(store.calls).toEqual([]);
  await fill(store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" });
  const { remote: next } = openRemote(dir, { readOnly: true });
  expect(await next.get(ACTION)).toMatchObject({ outputId: HELLO });
});

test("a program that go runs is not written: other tools would make it a file that can't be run", async () => {
  using dir = tempDir("split-remote");
  const { store, local, remote } = openRemote(dir);
  remote.put({ ...localPut(local), executable: "greet" });
  await remote.drain();
  expect(store.calls).toEqual([]);
});

test("wrong bytes in the bucket are a miss, and the put that follows replaces them", async () => {
  using dir = tempDir("split-remote");
  const { store, local, remote } = openRemote(dir);
  await fill(store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "wrong" });
  expect(await remote.get(ACTION)).toBeUndefined();
  remote.put(localPut(local));
  await remote.drain();
  expect(await objectText(store, HELLO_KEY)).toBe("hello");
});

test("a drain aborts downloads, which leave no files, and completes uploads", async () => {
  using dir = tempDir("split-remote");
  const { store, local, remote } = openRemote(dir);
  await fill(store, { [ACTION_KEY]: HELLO_RECORD });
  const requested = Promise.withResolvers<void>();
  store.onGet = async (key, get, signal) => {
    if (!key.startsWith("output")) return await get();
    requested.resolve();
    return objectOf("hel", { hangUntil: signal });
  };
  const entry = remote.get(ACTION);
  await requested.promise;
  remote.put(localPut(local, { body: "other" }));
  await remote.drain();
  expect(filesBelow(dir.join("cache", "tmp"))).toEqual([]);
  expect([await entry, filesBelow(dir.join("bucket", "output")).length]).toEqual([undefined, 1]);
});

test.each([
  ["had most lookups gets no uploads", { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "hello" }, 1, 0],
  ["lacked them gets all uploads", {}, 0, 2],
])("a bucket that is too slow and %s", async (_, objects: Record<string, string>, skipped, puts) => {
  using dir = tempDir("split-remote");
  const { store, local, counters, remote } = openRemote(dir);
  await fill(store, objects);
  store.calls.length = 0;
  const startedMs = performance.now();
  // Each request takes six seconds.
  using _now = spyOn(performance, "now").mockImplementation(() => startedMs + 6_000 * store.calls.length);
  await remote.get(ACTION);
  remote.put(localPut(local, { body: "other" }));
  await remote.drain();
  expect(counters.get("put_skip_slow")).toBe(skipped);
  expect(store.calls.filter((call) => call.startsWith("put "))).toHaveLength(puts);
});

test("an abort ends uploads, too", async () => {
  using dir = tempDir("split-remote");
  const { store, local, counters, remote } = openRemote(dir);
  store.onPut = (_, __, signal) => untilAborted(signal);
  remote.put(localPut(local));
  remote.abort();
  await remote.drain();
  expect(counters.get("put_remote_lost")).toBe(1);
});

test("the next helper knows that a remote does not answer", async () => {
  using dir = tempDir("split-remote");
  const { store, remote } = openRemote(dir, { timeoutMs: 1 });
  store.onGet = (_, __, signal) => untilAborted(signal);
  await remote.get(ACTION);
  expect(existsSync(dir.join("state", "remote.json"))).toBe(true);
  const next = openRemote(dir);
  expect([await next.remote.get(ACTION), next.store.calls]).toEqual([undefined, []]);
});
