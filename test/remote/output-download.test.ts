import { expect, test } from "bun:test";
import { readFileSync, truncateSync } from "node:fs";
import { downloadOutput } from "../../src/remote/output-download.ts";
import { HELLO, openLocal } from "../buildcache/local-fixture.ts";
import { objectOf, TamperedStore } from "../store/tampered-store.ts";
import { filesBelow } from "../support/file-tree.ts";
import { rejection } from "../support/rejection.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A bucket with the output `hello`, and a function that downloads it into an empty cache. */
async function openDownload() {
  const dir = tempDir("download");
  const store = new TamperedStore(dir.join("bucket"));
  await store.put("output", Buffer.from("hello"));
  store.calls.length = 0;
  const { local } = openLocal(dir.join("cache"));
  const { signal } = new AbortController();
  const download = async () => await downloadOutput({ store, key: "output", outputId: HELLO, local, signal });
  return { dir, store, local, download, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test("downloads an output to the local disk", async () => {
  using fixture = await openDownload();
  expect(await fixture.download()).toBe(5);
  expect(readFileSync(fixture.dir.join("cache", "output", "2c", HELLO), "utf8")).toBe("hello");
  expect(filesBelow(fixture.dir.join("cache"))).toHaveLength(1);
});

test("an absent object is undefined, not an error", async () => {
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

test("an interrupted body is a failure that leaves no file", async () => {
  using fixture = await openDownload();
  fixture.store.onGet = async () => objectOf("hel", { error: new Error("reset") });
  await expect(fixture.download()).rejects.toThrow("reset");
  expect(filesBelow(fixture.dir.join("cache"))).toEqual([]);
});

test("an object above 5 GiB is rejected without reading it", async () => {
  using fixture = await openDownload();
  truncateSync(fixture.dir.join("bucket", "output"), 5 * 2 ** 30 + 1);
  expect(String(await rejection(fixture.download()))).toContain("too large");
  expect(filesBelow(fixture.dir.join("cache"))).toEqual([]);
});
