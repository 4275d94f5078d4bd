import { expect, test } from "bun:test";
import { TimeoutError } from "../../../src/lib/async/deadline.ts";
import type { PutResult } from "../../../src/store/object-store.ts";
import { UploadQueue } from "../../../src/store/upload/upload-queue.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { openHealth } from "../guard/health-fixture.ts";
import { TamperedStore } from "../tampered-store.ts";

/** A queue with uploads that a test completes. */
function openQueue(concurrency: number) {
  const dir = tempDir("upload-queue");
  const fixture = openHealth(dir.join("remote.json"));
  const started: string[] = [];
  const uploads = new Map<string, PromiseWithResolvers<PutResult>>();
  const bucket = new TamperedStore(dir.join("bucket"));
  bucket.onPut = (key, _, signal) => {
    started.push(key);
    const upload = Promise.withResolvers<PutResult>();
    uploads.set(key, upload);
    signal?.addEventListener("abort", () => upload.reject(signal.reason));
    return upload.promise;
  };
  const store = fixture.guard(bucket);
  const queue = new UploadQueue({
    store,
    concurrency,
    journalDir: dir.join("journal"),
    async upload(name, signal) {
      if (name.startsWith("gone")) return false;
      await store.put(name, Buffer.from(name), { signal });
      return true;
    },
  });
  return {
    ...fixture,
    queue,
    started,
    /** Ends an upload and waits until the queue has handled it. */
    async end(task: string, error?: Error): Promise<void> {
      if (error === undefined) uploads.get(task)?.resolve("stored");
      else uploads.get(task)?.reject(error);
      await settled();
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** Waits until all pending reactions to settled promises have run. */
async function settled(): Promise<void> {
  for (let n = 0; n < 10; n++) await Promise.resolve();
}

test("limits concurrent uploads and keeps their order", async () => {
  using fixture = openQueue(2);
  for (const task of ["a", "b", "c", "d"]) fixture.queue.push(task);
  expect(fixture.started).toEqual(["a", "b"]);
  await fixture.end("b");
  expect(fixture.started).toEqual(["a", "b", "c"]);
  await fixture.end("a");
  await fixture.end("c");
  await fixture.end("d");
  expect([fixture.started, await fixture.queue.drain(60_000)]).toEqual([["a", "b", "c", "d"], 0]);
});

test("an empty queue drains at once", async () => {
  using fixture = openQueue(1);
  expect(await fixture.queue.drain(60_000)).toBe(0);
});

test("a drain waits for running and enqueued uploads", async () => {
  using fixture = openQueue(1);
  fixture.queue.push("a");
  fixture.queue.push("b");
  const drained = fixture.queue.drain(60_000);
  await fixture.end("a");
  await fixture.end("b");
  expect([await drained, fixture.started]).toEqual([0, ["a", "b"]]);
});

test("a failed upload counts as lost, and the next one runs", async () => {
  using fixture = openQueue(1);
  fixture.queue.push("a");
  fixture.queue.push("b");
  await fixture.end("a", new Error("500"));
  await fixture.end("b");
  expect([fixture.started, await fixture.queue.drain(60_000)]).toEqual([["a", "b"], 1]);
});

test("while the remote does not answer, uploads stay enqueued, and a drain abandons them", async () => {
  using fixture = openQueue(1);
  for (const task of ["a", "b", "c"]) fixture.queue.push(task);
  await fixture.end("a", new Error("put", { cause: new TimeoutError(5_000) }));
  expect([fixture.started, await fixture.queue.drain(60_000)]).toEqual([["a"], 3]);
});

test("an occasional upload is a probe, and its success starts the others", async () => {
  using fixture = openQueue(2);
  fixture.health.writeFailed(new TimeoutError(5_000));
  for (const task of ["a", "b", "c"]) fixture.queue.push(task);
  expect(fixture.started).toEqual([]);
  fixture.clock.advance(10_000);
  fixture.queue.push("d");
  expect(fixture.started).toEqual(["a"]);
  await fixture.end("a");
  expect(fixture.started).toEqual(["a", "b", "c"]);
});

test("a probe that sent no request does not affect health", async () => {
  using fixture = openQueue(2);
  fixture.health.writeFailed(new TimeoutError(5_000));
  fixture.clock.advance(10_000);
  fixture.queue.push("gone");
  await settled();
  expect([fixture.started, fixture.health.writes.open === undefined]).toEqual([[], false]);
});

test("a drain sends no probes", async () => {
  using fixture = openQueue(1);
  fixture.queue.push("a");
  fixture.queue.push("b");
  fixture.health.writeFailed(new TimeoutError(5_000));
  fixture.clock.advance(10_000);
  const drained = fixture.queue.drain(60_000);
  await fixture.end("a", new Error("500"));
  expect([await drained, fixture.started]).toEqual([2, ["a"]]);
});

test("when the remote stops answering, running uploads end and enqueued ones stay", async () => {
  using fixture = openQueue(2);
  for (const task of ["a", "b", "c"]) fixture.queue.push(task);
  fixture.health.writeFailed(new TimeoutError(5_000));
  await settled();
  expect([fixture.started, fixture.queue.size]).toEqual([["a", "b"], 3]);
});

test("abandon ends running uploads and starts no others, not even later ones", async () => {
  using fixture = openQueue(1);
  fixture.queue.push("a");
  fixture.queue.push("b");
  fixture.queue.abandon();
  fixture.queue.push("c");
  expect([await fixture.queue.drain(60_000), fixture.started]).toEqual([3, ["a"]]);
});

test("a drain ends at its limit with no upload running", async () => {
  using fixture = openQueue(2);
  for (const task of ["a", "b", "c"]) fixture.queue.push(task);
  expect([await fixture.queue.drain(1), fixture.started]).toEqual([3, ["a", "b"]]);
});

test("a push during a drain is drained as well", async () => {
  using fixture = openQueue(1);
  fixture.queue.push("a");
  const drained = fixture.queue.drain(60_000);
  fixture.queue.push("b");
  await fixture.end("a");
  await fixture.end("b");
  expect([await drained, fixture.started]).toEqual([0, ["a", "b"]]);
});
