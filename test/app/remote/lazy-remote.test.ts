import { describe, expect, test } from "bun:test";
import { LazyRemote } from "../../../src/app/remote/lazy-remote.ts";
import type { LocalEntry } from "../../../src/buildcache/entry.ts";
import { RecordingRemote } from "../../buildcache/recording-remote.ts";

const ENTRY = { actionId: "0a", outputId: "0b", sizeBytes: 5, putTimeMs: 1 };
const STORED: LocalEntry = { ...ENTRY, path: "/x" };
const OTHER: LocalEntry = { ...STORED, actionId: "0b" };
const [A, B] = ["0a".repeat(32), "0b".repeat(32)];

/** A remote that notes what it is told, in order, behind a lazy one whose loading a test settles. */
class NotingRemote extends RecordingRemote {
  readonly notes: string[] = [];

  override used(actionId: string): void {
    this.notes.push(`used ${actionId.slice(0, 2)}`);
  }

  override put(entry: LocalEntry): void {
    this.notes.push(`put ${entry.actionId}`);
  }

  override async drain(): Promise<void> {
    this.notes.push("drain");
  }

  override async settle(): Promise<void> {
    this.notes.push("settle");
  }

  override abort(): void {
    this.notes.push("abort");
  }
}

function lazy(settles = true) {
  const loading = Promise.withResolvers<NotingRemote>();
  const failures: string[] = [];
  let loads = 0;
  const load = () => {
    loads++;
    return loading.promise;
  };
  const remote = new LazyRemote(load, { settles, onFailure: (error) => failures.push(String(error)) });
  return { remote, inner: new NotingRemote(), loading, failures, loads: () => loads };
}

test("is not loaded before its first request", async () => {
  const { remote, loads } = lazy();
  await remote.drain();
  await remote.settle();
  remote.abort();
  expect([remote.isInUse, loads()]).toEqual([false, 0]);
});

test("is loaded once, by the first get or put", async () => {
  const { remote, inner, loading, loads } = lazy();
  inner.answers.set("0a", Promise.resolve(ENTRY));
  remote.put(STORED);
  const get = remote.get("0a");
  expect([remote.isInUse, loads()]).toEqual([true, 1]);
  loading.resolve(inner);
  expect([await get, await remote.get("0c"), loads()]).toEqual([ENTRY, undefined, 1]);
});

test("a drain waits for the loading and comes after what was put meanwhile, in order", async () => {
  const { remote, inner, loading } = lazy();
  remote.put(STORED);
  remote.put(OTHER);
  const drained = remote.drain();
  loading.resolve(inner);
  await drained;
  expect(inner.notes).toEqual(["put 0a", "put 0b", "drain"]);
});

test("what is used or put later goes straight through", async () => {
  const { remote, inner, loading } = lazy();
  loading.resolve(inner);
  await remote.get("0a");
  remote.used(B);
  remote.put(STORED);
  expect(inner.notes).toEqual(["used 0b", "put 0a"]);
});

describe("what was used", () => {
  test("loads nothing by itself, and makes the settling of a local session load it", async () => {
    const { remote, inner, loading, loads } = lazy();
    remote.used(A);
    remote.used(B);
    await remote.drain();
    expect([remote.isInUse, loads()]).toEqual([false, 0]);
    loading.resolve(inner);
    await remote.settle();
    expect([inner.notes, loads()]).toEqual([["used 0a", "used 0b", "settle"], 1]);
  });

  test("before it was loaded comes before what was put meanwhile, once", async () => {
    const { remote, inner, loading } = lazy();
    remote.used(A);
    remote.put(OTHER);
    loading.resolve(inner);
    await remote.drain();
    await remote.settle();
    expect(inner.notes).toEqual(["used 0a", "put 0b", "drain", "settle"]);
  });

  test("is not kept if its id is no SHA-256", async () => {
    const { remote, loads } = lazy();
    remote.used("0a");
    await remote.settle();
    expect(loads()).toBe(0);
  });

  test("is nothing to a remote that does not settle", async () => {
    const { remote, inner, loading, loads } = lazy(false);
    remote.used(A);
    await remote.settle();
    expect(loads()).toBe(0);
    loading.resolve(inner);
    await remote.get("0a");
    expect(inner.notes).toEqual([]);
  });
});

test("a remote that can't be opened warns once, misses and ignores puts", async () => {
  const { remote, loading, failures } = lazy();
  const gets = [remote.get("0a"), remote.get("0b")];
  remote.used(A);
  remote.put(STORED);
  loading.reject(new Error("bad endpoint"));
  expect(await Promise.all(gets)).toEqual([undefined, undefined]);
  remote.used(A);
  remote.put(STORED);
  await remote.drain();
  await remote.settle();
  remote.abort();
  expect([await remote.get("0c"), failures]).toEqual([undefined, ["Error: bad endpoint"]]);
});

test("an abort while it is loading ends everything", async () => {
  const { remote, inner, loading } = lazy();
  const get = remote.get("0a");
  remote.put(STORED);
  remote.abort();
  loading.resolve(inner);
  expect([await get, inner.lookups, inner.notes]).toEqual([undefined, [], ["abort"]]);
});

test("an abort ends a settling that was still to come, and keeps it from loading", async () => {
  const { remote, loads } = lazy();
  remote.used(A);
  remote.abort();
  await remote.settle();
  expect(loads()).toBe(0);
});

test("an abort once it is loaded is passed on", async () => {
  const { remote, inner, loading } = lazy();
  loading.resolve(inner);
  await remote.get("0a");
  remote.abort();
  expect([inner.notes, await remote.get("0b"), inner.lookups]).toEqual([["abort"], undefined, ["0a"]]);
});
