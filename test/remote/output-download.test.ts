import { expect, test } from "bun:test";
import { readFileSync, truncateSync } from "node:fs";
import { Deadline } from "../../src/lib/async/deadline.ts";
import { downloadOutput } from "../../src/remote/output-download.ts";
import { HELLO, openLocal } from "../buildcache/local-fixture.ts";
import { filesBelow } from "../support/file-tree.ts";
import { rejection } from "../support/rejection.ts";
import { tempDir } from "../support/temp-dir.ts";
import { objectOf, TamperedStore, untilAborted } from "./tampered-store.ts";

/** A bucket with the output `hello`, and a way to download it into an empty cache. */
async function openDownload() {
  const dir = tempDir("download");
  const store = new TamperedStore(dir.join("bucket"));
  await store.put("output", Buffer.from("hello"));
  store.calls.length = 0;
  const { local } = openLocal(dir.join("cache"));
  const download = async (limitMs = 60_000) => {
    using deadline = new Deadline(limitMs);
    return await downloadOutput({ store, key: "output", outputId: HELLO, local, deadline });
  };
  return { dir, store, local, download, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test("brings an output to the local disk", async () => {
  using fixture = await openDownload();
  expect(await fixture.download()).toBe(5);
  expect(readFileSync(fixture.dir.join("cache", "output", "2c", HELLO), "utf8")).toBe("hello");
  expect(filesBelow(fixture.dir.join("cache"))).toHaveLength(1);
});

test("an absent object is a value", async () => {
  using fixture = await openDownload();
  await fixture.store.delete("output");
  expect(await fixture.download()).toBeUndefined();
});

test.each(["hellO", "hell", "hello!", ""])("bytes %j are refused, once, and leave nothing", async (text) => {
  using fixture = await openDownload();
  fixture.store.onGet = async () => objectOf(text);
  await expect(fixture.download()).rejects.toThrow(`output ${HELLO} has the SHA-256`);
  expect([fixture.store.calls, filesBelow(fixture.dir.join("cache"))]).toEqual([["get output"], []]);
});

test("a body that breaks off is asked for again", async () => {
  using fixture = await openDownload();
  let gets = 0;
  fixture.store.onGet = async (_, get) =>
    ++gets < 3 ? objectOf("hel", { error: new Error("reset") }) : get();
  expect([await fixture.download(), gets]).toEqual([5, 3]);
  expect(filesBelow(fixture.dir.join("cache"))).toEqual([`output/2c/${HELLO}`]);
});

test("a body that breaks off three times is a failure that leaves nothing", async () => {
  using fixture = await openDownload();
  fixture.store.onGet = async () => objectOf("hel", { error: new Error("reset") });
  await expect(fixture.download()).rejects.toThrow("reset");
  expect([fixture.store.calls.length, filesBelow(fixture.dir.join("cache"))]).toEqual([3, []]);
});

test("a request that fails is not asked again: the store has done that", async () => {
  using fixture = await openDownload();
  fixture.store.onGet = async () => {
    throw new Error("500");
  };
  await expect(fixture.download()).rejects.toThrow("500");
  expect(fixture.store.calls).toEqual(["get output"]);
});

test("an answer that does not come ends with the deadline", async () => {
  using fixture = await openDownload();
  fixture.store.onGet = (_, __, signal) => untilAborted(signal);
  await expect(fixture.download(1)).rejects.toThrow("no answer within 1 ms");
});

test("a body that hangs ends with its own limit and is not asked for again", async () => {
  using fixture = await openDownload();
  using deadline = new Deadline(60_000);
  const { store, local } = fixture;
  store.onGet = async (_, __, signal) => objectOf("hel", { hangUntil: signal });
  const hasty = { signal: deadline.signal, restart: () => deadline.restart(1) } as unknown as Deadline;
  const download = downloadOutput({ store, key: "output", outputId: HELLO, local, deadline: hasty });
  await expect(download).rejects.toThrow("no answer within 1 ms");
  expect([store.calls, filesBelow(fixture.dir.join("cache"))]).toEqual([["get output"], []]);
});

test("an object above 5 GiB is none of ours, and is not read", async () => {
  using fixture = await openDownload();
  truncateSync(fixture.dir.join("bucket", "output"), 5 * 2 ** 30 + 1);
  expect(String(await rejection(fixture.download()))).toContain("too large");
  expect(filesBelow(fixture.dir.join("cache"))).toEqual([]);
});
