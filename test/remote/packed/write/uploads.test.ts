import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { TimeoutError } from "../../../../src/lib/async/deadline.ts";
import { Uploads } from "../../../../src/remote/packed/write/uploads.ts";
import { S3Error } from "../../../../src/s3/s3-error.ts";
import { openHealth } from "../../../store/guard/health-fixture.ts";
import { objectText, TamperedStore, untilAborted } from "../../../store/tampered-store.ts";
import { filesBelow } from "../../../support/file-tree.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { DENIED } from "../failing-store.ts";

const HELLO = Buffer.from("hello");

function open(timeoutMs = 60_000) {
  const dir = tempDir("uploader");
  const store = new TamperedStore(dir.join("bucket"));
  const health = openHealth(dir.join("remote.json"), { verbose: true });
  const uploads = new Uploads({ ...health, store: health.guard(store, timeoutMs) });
  return { ...health, dir, store, uploads, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

/** Makes every put hang; resolves when one has started. */
function hangPuts(store: TamperedStore): Promise<void> {
  const begun = Promise.withResolvers<void>();
  store.onPut = (_, __, signal) => {
    begun.resolve();
    return untilAborted(signal);
  };
  return begun.promise;
}

test("bytes and files are uploaded unchanged", async () => {
  using fixture = open();
  writeFileSync(fixture.dir.join("file"), "world");
  const file = { path: fixture.dir.join("file"), sizeBytes: 5 };
  expect([await fixture.uploads.put("a", HELLO), await fixture.uploads.put("b", file)]).toEqual([true, true]);
  expect([await objectText(fixture.store, "a"), await objectText(fixture.store, "b")]).toEqual([
    "hello",
    "world",
  ]);
  expect(fixture.counters.snapshot()).toEqual({ put_remote_bytes: 10, put_remote_object: 2 });
});

test("an existing object is replaced", async () => {
  using fixture = open();
  await fixture.uploads.put("a", Buffer.from("old"));
  await fixture.uploads.put("a", HELLO);
  expect(await objectText(fixture.store, "a")).toBe("hello");
});

describe("a store that", () => {
  test("fails three times is disabled, with one message to the user", async () => {
    using fixture = open();
    fixture.store.onPut = () => Promise.reject(new Error("503"));
    for (let n = 0; n < 5; n++) expect(await fixture.uploads.put("a", HELLO)).toBe(false);
    expect([fixture.store.calls.length, fixture.counters.snapshot()]).toEqual([3, { put_remote_error: 3 }]);
    const warnings = fixture.lines.filter((line) => line.includes("takes no uploads for now: 503"));
    expect(warnings).toHaveLength(1);
    expect(fixture.health.reads.admit()).toBe("call");
  });

  test("fails once gets a retry, and its reason is kept", async () => {
    using fixture = open();
    expect(fixture.uploads.firstFailure).toBeUndefined();
    const { onPut } = fixture.store;
    fixture.store.onPut = () => Promise.reject(new Error("503"));
    expect(await fixture.uploads.put("a", HELLO)).toBe(false);
    fixture.store.onPut = onPut;
    expect(await fixture.uploads.put("a", HELLO)).toBe(true);
    expect(String(fixture.uploads.firstFailure)).toBe("Error: 503");
  });

  test("denies access is disabled at once", async () => {
    using fixture = open();
    fixture.store.onPut = () => Promise.reject(DENIED);
    expect([await fixture.uploads.put("a", HELLO), await fixture.uploads.put("b", HELLO)]).toEqual([
      false,
      false,
    ]);
    expect([fixture.store.calls.length, fixture.health.isDenied]).toEqual([1, true]);
  });

  test("denies writes for a while is used again", async () => {
    using fixture = open();
    const { onPut } = fixture.store;
    fixture.store.onPut = () => Promise.reject(DENIED);
    await fixture.uploads.put("a", HELLO);
    fixture.store.onPut = onPut;
    fixture.clock.advance(10_000);
    expect([await fixture.uploads.put("b", HELLO), fixture.health.isDenied]).toEqual([true, false]);
  });

  test("has an internal error does not count as denying access", async () => {
    using fixture = open();
    const broken = new S3Error({ operation: "put", bucket: "b" }, { status: 500, code: "InternalError" });
    fixture.store.onPut = () => Promise.reject(broken);
    await fixture.uploads.put("a", HELLO);
    expect([fixture.health.isDenied, fixture.health.writes.admit()]).toEqual([false, "call"]);
  });

  test("does not answer in the time for these bytes is disabled, and other uploads end", async () => {
    using fixture = open(-1_000);
    void hangPuts(fixture.store);
    expect(await fixture.uploads.put("a", HELLO)).toBe(false);
    expect(fixture.health.writes.admit()).toBe("skip");
    expect(filesBelow(fixture.dir.join("bucket"))).toEqual([]);
  });

  test("answers again after a pause is enabled again", async () => {
    using fixture = open();
    const { onPut } = fixture.store;
    fixture.store.onPut = () => Promise.reject(DENIED);
    await fixture.uploads.put("a", HELLO);
    fixture.store.onPut = onPut;
    fixture.clock.advance(10_000);
    expect([await fixture.uploads.put("a", HELLO), await fixture.uploads.put("b", HELLO)]).toEqual([
      true,
      true,
    ]);
  });
});

test("an upload ends when a concurrent one finds the store silent, and later ones work when it answers", async () => {
  using fixture = open();
  const { onPut } = fixture.store;
  const begun = hangPuts(fixture.store);
  const put = fixture.uploads.put("a", HELLO);
  await begun;
  fixture.health.writeFailed(new TimeoutError(5_000));
  expect([await put, fixture.health.writes.admit()]).toEqual([false, "skip"]);
  fixture.store.onPut = onPut;
  fixture.clock.advance(10_000);
  expect(await fixture.uploads.put("a", HELLO)).toBe(true);
});

test("once abandoned, uploads in flight end and further ones are refused", async () => {
  using fixture = open();
  const begun = hangPuts(fixture.store);
  const put = fixture.uploads.put("a", HELLO);
  await begun;
  fixture.uploads.abandon();
  expect([await put, await fixture.uploads.put("b", HELLO)]).toEqual([false, false]);
  expect([fixture.store.calls, fixture.health.writes.admit()]).toEqual([["put a"], "call"]);
});
