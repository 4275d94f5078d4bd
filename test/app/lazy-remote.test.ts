import { expect, test } from "bun:test";
import { LazyRemote } from "../../src/app/lazy-remote.ts";
import type { StoredEntry } from "../../src/buildcache/remote-builds.ts";
import { RecordingRemote } from "../buildcache/recording-remote.ts";

const ENTRY = { outputId: "0b", sizeBytes: 5, putTimeMs: 1 };
const STORED: StoredEntry = { ...ENTRY, actionId: "0a", path: "/x" };

/** A remote that notes when it is drained and aborted, behind a lazy one whose loading a test settles. */
class NotingRemote extends RecordingRemote {
  readonly notes: string[] = [];

  override put(entry: StoredEntry): void {
    super.put(entry);
    this.notes.push(`put ${entry.actionId}`);
  }

  override async drain(): Promise<void> {
    this.notes.push("drain");
  }

  override abort(): void {
    this.notes.push("abort");
  }
}

function lazy() {
  const loading = Promise.withResolvers<NotingRemote>();
  const failures: string[] = [];
  let loads = 0;
  const load = () => {
    loads++;
    return loading.promise;
  };
  const remote = new LazyRemote(load, (error) => failures.push(String(error)));
  return { remote, loading, failures, loads: () => loads };
}

test("is not loaded before it is asked for anything", async () => {
  const { remote, loads } = lazy();
  await remote.drain();
  remote.abort();
  expect([remote.isInUse, loads()]).toEqual([false, 0]);
});

test("is loaded once, by the first get or put", async () => {
  const { remote, loading, loads } = lazy();
  const inner = new NotingRemote();
  inner.answers.set("0a", Promise.resolve(ENTRY));
  remote.put(STORED);
  const get = remote.get("0a");
  expect([remote.isInUse, loads()]).toEqual([true, 1]);
  loading.resolve(inner);
  expect([await get, await remote.get("0c"), loads()]).toEqual([ENTRY, undefined, 1]);
});

test("a drain waits for the loading and comes after what was put meanwhile, in order", async () => {
  const { remote, loading } = lazy();
  const inner = new NotingRemote();
  remote.put(STORED);
  remote.put({ ...STORED, actionId: "0b" });
  const drained = remote.drain();
  loading.resolve(inner);
  await drained;
  expect(inner.notes).toEqual(["put 0a", "put 0b", "drain"]);
});

test("what is put later goes straight through", async () => {
  const { remote, loading } = lazy();
  const inner = new NotingRemote();
  loading.resolve(inner);
  await remote.get("0a");
  remote.put(STORED);
  expect(inner.notes).toEqual(["put 0a"]);
});

test("a remote that can't be made says so once, misses and takes nothing", async () => {
  const { remote, loading, failures } = lazy();
  const gets = [remote.get("0a"), remote.get("0b")];
  remote.put(STORED);
  loading.reject(new Error("bad endpoint"));
  expect(await Promise.all(gets)).toEqual([undefined, undefined]);
  remote.put(STORED);
  await remote.drain();
  remote.abort();
  expect([await remote.get("0c"), failures]).toEqual([undefined, ["Error: bad endpoint"]]);
});

test("an abort while it is loading ends everything", async () => {
  const { remote, loading } = lazy();
  const inner = new NotingRemote();
  const get = remote.get("0a");
  remote.put(STORED);
  remote.abort();
  loading.resolve(inner);
  expect([await get, inner.asked, inner.puts]).toEqual([undefined, [], []]);
});

test("an abort once it is loaded is passed on", async () => {
  const { remote, loading } = lazy();
  const inner = new NotingRemote();
  loading.resolve(inner);
  await remote.get("0a");
  remote.abort();
  expect([inner.notes, await remote.get("0b"), inner.asked]).toEqual([["abort"], undefined, ["0a"]]);
});
