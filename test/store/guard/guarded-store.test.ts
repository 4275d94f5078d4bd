import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { TimeoutError } from "../../../src/lib/async/deadline.ts";
import { S3Error } from "../../../src/s3/s3-error.ts";
import { DirectoryStore } from "../../../src/store/directory/directory-store.ts";
import type { GetOptions, StoredObject } from "../../../src/store/object-store.ts";
import { rejection } from "../../support/rejection.ts";
import { describeStoreContract } from "../../support/store-contract.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { objectOf, objectText, TamperedStore, untilAborted } from "../tampered-store.ts";
import { openHealth } from "./health-fixture.ts";

const DENIED = new S3Error(
  { operation: "get", bucket: "b", key: "k" },
  { status: 403, code: "AccessDenied", isExplained: true, message: "no" },
);

describeStoreContract("a guarded store", async () => {
  const dir = tempDir("guarded");
  const { guard, health } = openHealth(dir.join("remote.json"));
  const store = guard(new DirectoryStore(dir.join("bucket")));
  // Three refusals of odd keys in a row would disable reads.
  const tireless = new Proxy(store, {
    get(target, name) {
      for (const side of ["reads", "writes"] as const) health.succeeded(side);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return {
    store: tireless,
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

/** A guarded store with the object `key`: `0123456789`. */
async function open(timeoutMs = 60_000) {
  const dir = tempDir("guarded");
  const bucket = new TamperedStore(dir.join("bucket"));
  await bucket.put("key", Buffer.from("0123456789"));
  bucket.calls.length = 0;
  const fixture = openHealth(dir.join("remote.json"));
  const store = fixture.guard(bucket, timeoutMs);
  return {
    ...fixture,
    bucket,
    store,
    healthPath: dir.join("remote.json"),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** `object` with a body that is interrupted after so many bytes. */
async function cut(object: StoredObject | undefined, bytes: number): Promise<StoredObject> {
  const text = await new Response(object?.body as never).text();
  const { body } = objectOf(text.slice(0, bytes), { error: new Error("reset") });
  return { ...(object as StoredObject), body };
}

describe("an interrupted body", () => {
  test.each<[string, GetOptions["range"], string[]]>([
    ["whole object", undefined, ["get key", "get key 4+6", "get key 8+2"]],
    ["range", { offset: 2, length: 7 }, ["get key 2+7", "get key 6+3"]],
  ])("is resumed where it ended, of a %s", async (_, range, calls) => {
    using fixture = await open();
    fixture.bucket.onGet = async (_key, get) => {
      const object = await get();
      return object !== undefined && object.bodyBytes > 3 ? await cut(object, 4) : object;
    };
    const object = await fixture.store.get("key", range === undefined ? {} : { range });
    const text = await new Response(object?.body as never).text();
    const { offset, length } = range ?? { offset: 0, length: 10 };
    expect([text, fixture.bucket.calls]).toEqual(["0123456789".slice(offset, offset + length), calls]);
    expect(fixture.health.reads.admit()).toBe("call");
  });

  test("three times is an error, which counts as one failure", async () => {
    using fixture = await open();
    fixture.bucket.onGet = async (_, get) => await cut(await get(), 1);
    for (let n = 0; n < 2; n++)
      expect(await rejection(objectText(fixture.store, "key"))).toEqual(new Error("reset"));
    expect([fixture.bucket.calls.length, fixture.health.reads.state]).toEqual([6, "closed"]);
    await rejection(objectText(fixture.store, "key"));
    expect(fixture.health.reads.state).toBe("open");
  });

  test("is an error if the object was replaced meanwhile", async () => {
    using fixture = await open();
    const { onGet } = fixture.bucket;
    fixture.bucket.onGet = async (_, get) => {
      fixture.bucket.onGet = onGet;
      const first = await cut(await get(), 4);
      await fixture.bucket.put("key", Buffer.from("abcdefghij"));
      return first;
    };
    expect(await rejection(objectText(fixture.store, "key"))).toEqual(new Error("reset"));
  });
});

describe("a read that times out", () => {
  test.each(["get", "head", "list"])("stops all requests: %s", async (operation) => {
    using fixture = await open(5);
    const { bucket, store, health } = fixture;
    bucket.onGet = (_, __, signal) => untilAborted(signal);
    bucket.head = async (_, options) => await untilAborted(options?.signal);
    // biome-ignore lint/correctness/useYield: it throws before any yield.
    bucket.onList = async function* (_, __, signal) {
      await untilAborted(signal);
    };
    const ask = async () => {
      if (operation === "get") await store.get("key");
      else if (operation === "head") await store.head("key");
      else await Array.fromAsync(store.list("k"));
    };
    expect(await rejection(ask())).toMatchObject({ name: "TimeoutError" });
    expect([health.reads.state, health.writes.state]).toEqual(["open", "open"]);
    bucket.calls.length = 0;
    expect(await rejection(ask())).toMatchObject({ name: "NotSentError" });
    expect(await rejection(store.put("key", Buffer.from("x")))).toMatchObject({ name: "NotSentError" });
    expect(bucket.calls).toEqual([]);
  });

  test("is probed once after a while, and a success re-enables all reads", async () => {
    using fixture = await open();
    fixture.health.readFailed(new TimeoutError(5_000));
    fixture.clock.advance(10_000);
    const probe = objectText(fixture.store, "key");
    expect(await rejection(fixture.store.get("key"))).toMatchObject({ name: "NotSentError" });
    expect([await probe, await objectText(fixture.store, "key")]).toEqual(["0123456789", "0123456789"]);
  });

  test("is always sent if it is long", async () => {
    using fixture = await open();
    fixture.health.readFailed(new TimeoutError(5_000));
    const object = await fixture.store.get("key", { isLong: true });
    expect(await new Response(object?.body as never).text()).toBe("0123456789");
    expect(fixture.health.reads.state).toBe("closed");
  });
});

test("a body that hangs is an error, even if the read is long", async () => {
  for (const isLong of [true, false]) {
    using fixture = await open(5);
    fixture.bucket.onGet = async (_, __, signal) => objectOf("0123", { hangUntil: signal });
    const object = await fixture.store.get("key", { isLong });
    const read = new Response(object?.body as never).text();
    expect(await rejection(read)).toMatchObject({ name: "TimeoutError" });
    expect(fixture.bucket.calls).toHaveLength(1);
  }
});

describe("does not affect the store's health:", () => {
  test("an abort by the caller", async () => {
    using fixture = await open();
    const { bucket, store, health } = fixture;
    bucket.onGet = (_, __, signal) => untilAborted(signal);
    bucket.onPut = (_, __, signal) => untilAborted(signal);
    for (let n = 0; n < 4; n++) {
      const controller = new AbortController();
      const { signal } = controller;
      const requests = [store.get("key", { signal }), store.put("key", Buffer.from("x"), { signal })];
      const ended = Promise.allSettled(requests);
      controller.abort(new Error("enough"));
      expect((await ended).map((result) => result.status)).toEqual(["rejected", "rejected"]);
    }
    expect([health.reads.state, health.writes.state]).toEqual(["closed", "closed"]);
  });

  test("a refusal of an object, which may be absent", async () => {
    using fixture = await open();
    fixture.bucket.onGet = () => Promise.reject(DENIED);
    for (let n = 0; n < 4; n++) expect(await rejection(fixture.store.get("key"))).toBe(DENIED);
    expect(fixture.health.reads.state).toBe("closed");
  });

  test("a range that the object does not have", async () => {
    using fixture = await open();
    for (let n = 0; n < 4; n++)
      await rejection(fixture.store.get("key", { range: { offset: 9, length: 9 } }));
    expect(fixture.health.reads.state).toBe("closed");
  });

  test("an upload of a missing file", async () => {
    using fixture = await open();
    const gone = { path: "/nowhere/at/all", sizeBytes: 1 };
    for (let n = 0; n < 4; n++)
      expect(await rejection(fixture.store.put("key", gone))).toMatchObject({ cause: { code: "ENOENT" } });
    expect(fixture.health.writes.state).toBe("closed");
  });
});

test("three failed writes disable writes but not reads", async () => {
  using fixture = await open();
  fixture.bucket.onPut = () => Promise.reject(new Error("503"));
  for (let n = 0; n < 3; n++)
    expect(await rejection(fixture.store.put("key", Buffer.from("x")))).toEqual(new Error("503"));
  expect(await rejection(fixture.store.put("key", Buffer.from("x")))).toMatchObject({
    name: "NotSentError",
  });
  expect(await objectText(fixture.store, "key")).toBe("0123456789");
});

test("uploads in progress are aborted when the store does not answer", async () => {
  using fixture = await open();
  fixture.bucket.onPut = (_, __, signal) => untilAborted(signal);
  const put = rejection(fixture.store.put("key", Buffer.from("x")));
  fixture.health.readFailed(new TimeoutError(5_000));
  expect(await put).toEqual(new Error("uploads were stopped"));
});

test("a listing that succeeds ends the denial of reads", async () => {
  using fixture = await open();
  fixture.health.readsDenied("no right");
  expect(existsSync(fixture.healthPath)).toBe(true);
  for await (const _ of fixture.store.list("")) break;
  expect(existsSync(fixture.healthPath)).toBe(false);
});
