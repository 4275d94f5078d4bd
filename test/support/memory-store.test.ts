import { describe, expect, test } from "bun:test";
import { MemoryStore } from "./memory-store.ts";
import { rejection } from "./rejection.ts";
import { describeStoreContract } from "./store-contract.ts";

describeStoreContract("MemoryStore", async () => {
  const store = new MemoryStore();
  return { store, [Symbol.asyncDispose]: async () => {} };
});

describe("a store in memory", () => {
  test("fails the requests that a test lets fail, and does nothing then", async () => {
    const store = new MemoryStore();
    store.onRequest = (operation, key) => {
      if (operation === "put") throw new Error(`no ${operation} of ${key}`);
    };
    expect(String(await rejection(store.put("a", new Uint8Array(1))))).toContain("no put of a");
    expect(store.keys()).toEqual([]);
  });

  test("has the clock that a test sets", async () => {
    let nowMs = 1_000;
    const store = new MemoryStore(() => nowMs);
    await store.put("a", new Uint8Array(1));
    nowMs = 5_000;
    expect((await store.head("a"))?.modifiedMs).toBe(1_000);
    const [page] = await Array.fromAsync(store.list(""));
    expect(page?.serverTimeMs).toBe(5_000);
    store.setModified("a", 2_000);
    expect((await store.head("a"))?.modifiedMs).toBe(2_000);
  });
});
