import { expect, test } from "bun:test";
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { SplitWriter } from "../../../src/remote/split/split-writer.ts";
import { ACTION, EMPTY, HELLO } from "../../buildcache/local-fixture.ts";
import { objectText, untilAborted } from "../../store/tampered-store.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { testOnPosix } from "../../support/platform.ts";
import { ACTION_KEY, fill, HELLO_KEY, HELLO_RECORD, localPut, openSplit, PUT_MS } from "./split-fixture.ts";

const OTHER_ACTION = "01".repeat(32);
const LONG_MS = 60_000;

test("writes an output and its action exactly like tailscale/go-cache-plugin", async () => {
  using fixture = openSplit();
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  const bucket = fixture.dir.join("bucket");
  const objects = filesBelow(bucket).map((key) => [key, readFileSync(`${bucket}/${key}`, "latin1")]);
  expect(objects).toEqual([
    [ACTION_KEY, HELLO_RECORD],
    [HELLO_KEY, "hello"],
  ]);
  expect(fixture.store.calls).toEqual([`put ${HELLO_KEY} absent`, `put ${ACTION_KEY}`]);
  expect(fixture.counters.snapshot()).toEqual({
    put_remote_action: 1,
    put_remote_bytes: 5,
    put_remote_object: 1,
  });
});

test("writes below a prefix", async () => {
  using fixture = openSplit({ prefix: "ci//main/" });
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  expect(filesBelow(fixture.dir.join("bucket"))).toEqual([`ci/main/${ACTION_KEY}`, `ci/main/${HELLO_KEY}`]);
});

test("another machine can read the written entry", async () => {
  using fixture = openSplit();
  const body = "x".repeat(300_000);
  const put = localPut(fixture.local, { body });
  fixture.writer.put(put);
  await fixture.writer.drain(LONG_MS);
  rmSync(fixture.dir.join("cache"), { recursive: true });
  expect(await fixture.reader.get(ACTION)).toEqual({
    actionId: ACTION,
    outputId: put.outputId,
    sizeBytes: 300_000,
    putTimeMs: PUT_MS,
  });
  expect(readFileSync(put.path, "latin1")).toBe(body);
});

test("an output that the bucket already has is not replaced", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [HELLO_KEY]: "hello" });
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  expect(fixture.counters.snapshot()).toEqual({ put_remote_action: 1, put_remote_found: 1 });
});

test("an empty output is written without a condition", async () => {
  using fixture = openSplit();
  fixture.writer.put(localPut(fixture.local, { body: "" }));
  await fixture.writer.drain(LONG_MS);
  expect(fixture.store.calls).toEqual([`put output/e3/${EMPTY}`, `put ${ACTION_KEY}`]);
});

test("an output shared by several actions is uploaded once, before its actions", async () => {
  using fixture = openSplit();
  fixture.writer.put(localPut(fixture.local));
  fixture.writer.put(localPut(fixture.local, { actionId: OTHER_ACTION }));
  await fixture.writer.drain(LONG_MS);
  expect(fixture.store.calls).toEqual([
    `put ${HELLO_KEY} absent`,
    `put ${ACTION_KEY}`,
    `put action/01/${OTHER_ACTION}`,
  ]);
});

test("the next put replaces an output with wrong bytes", async () => {
  using fixture = openSplit();
  await fill(fixture.store, { [ACTION_KEY]: HELLO_RECORD, [HELLO_KEY]: "wrong" });
  expect(await fixture.reader.get(ACTION)).toBeUndefined();
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  expect(await objectText(fixture.store, HELLO_KEY)).toBe("hello");
});

test("if an output fails, its action is not written, and the next put retries", async () => {
  using fixture = openSplit();
  let puts = 0;
  fixture.store.onPut = async (_, put) => {
    if (puts++ === 0) throw new Error("500");
    return await put();
  };
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  expect(filesBelow(fixture.dir.join("bucket"))).toEqual([]);
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  expect(filesBelow(fixture.dir.join("bucket"))).toEqual([ACTION_KEY, HELLO_KEY]);
});

test.each([
  [4, 0],
  [5, 1],
  [6, 1],
])("with a minimum of 5 bytes, an output of %p bytes is uploaded %p times", async (length, uploads) => {
  using fixture = openSplit({ minBytes: 5 });
  fixture.writer.put(localPut(fixture.local, { body: "x".repeat(length) }));
  await fixture.writer.drain(LONG_MS);
  expect([fixture.counters.get("put_remote_action"), fixture.counters.get("put_skip_small")]).toEqual([
    uploads,
    1 - uploads,
  ]);
});

test("an output above the limit of a request is not uploaded", async () => {
  using fixture = openSplit();
  fixture.writer.put({ ...localPut(fixture.local), sizeBytes: 5 * 1024 ** 3 + 1 });
  await fixture.writer.drain(LONG_MS);
  expect([fixture.counters.snapshot(), fixture.store.calls]).toEqual([{ put_skip_large: 1 }, []]);
});

testOnPosix.each([
  ["gone", (path: string) => rmSync(path)],
  ["another size", (path: string) => writeFileSync(path, "hell")],
  [
    "a loop of links",
    (path: string) => {
      rmSync(path);
      symlinkSync(path, path);
    },
  ],
])("an output is skipped if its file is %s when its upload begins", async (_, damage) => {
  using fixture = openSplit();
  const put = localPut(fixture.local);
  damage(put.path);
  fixture.writer.put(put);
  await fixture.writer.drain(LONG_MS);
  expect([fixture.counters.snapshot(), fixture.store.calls]).toEqual([{ put_skip_gone: 1 }, []]);
});

test("the drain aborts uploads that hang and counts them as lost", async () => {
  using fixture = openSplit();
  fixture.store.onPut = (_, __, signal) => untilAborted(signal);
  fixture.writer.put(localPut(fixture.local));
  fixture.writer.put(localPut(fixture.local, { actionId: OTHER_ACTION, body: "other" }));
  await fixture.writer.drain(1);
  expect(fixture.counters.get("put_remote_lost")).toBe(2);
  expect(filesBelow(fixture.dir.join("bucket"))).toEqual([]);
});

test("an upload without an answer ends at its limit, and so do the others", async () => {
  using fixture = openSplit({ timeoutMs: -1_000 });
  fixture.store.onPut = (_, __, signal) => untilAborted(signal);
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  expect(fixture.health.writes.admit()).toBe("skip");
  expect(fixture.lines).toEqual([expect.stringContaining("takes no uploads for now: no answer within")]);
});

test("each put of the same output writes a record", async () => {
  using fixture = openSplit();
  fixture.writer.put(localPut(fixture.local));
  fixture.writer.put({ ...localPut(fixture.local), outputId: HELLO, putTimeMs: PUT_MS + 1 });
  await fixture.writer.drain(LONG_MS);
  expect(fixture.counters.get("put_remote_action")).toBe(2);
});

test("the next process uploads the rest and then removes the journal", async () => {
  using fixture = openSplit();
  const { onPut } = fixture.store;
  fixture.store.onPut = () => Promise.reject(new Error("500"));
  fixture.writer.put(localPut(fixture.local));
  await fixture.writer.drain(LONG_MS);
  const [journal = ""] = readdirSync(fixture.journalDir);
  const child = Bun.spawn([process.execPath, "--version"], { stdout: "ignore" });
  await child.exited;
  renameSync(`${fixture.journalDir}/${journal}`, `${fixture.journalDir}/${child.pid}-x`);
  appendFileSync(`${fixture.journalDir}/${child.pid}-x`, '"nonsense"\n');
  fixture.store.onPut = onPut;
  const next = new SplitWriter({ ...fixture, store: fixture.guarded, minBytes: 0, concurrency: 4 });
  next.adopt();
  await next.drain(LONG_MS);
  expect(filesBelow(fixture.dir.join("bucket"))).toEqual([ACTION_KEY, HELLO_KEY]);
  expect(readFileSync(`${fixture.dir.join("bucket")}/${ACTION_KEY}`, "utf8")).toBe(HELLO_RECORD);
  expect(readdirSync(fixture.journalDir)).toEqual([]);
});
