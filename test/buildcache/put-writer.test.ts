import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { BuildCache } from "../../src/buildcache/build-cache.ts";
import type { LocalEntry } from "../../src/buildcache/entry.ts";
import { Counters } from "../../src/lib/counters.ts";
import { filesBelow } from "../support/file-tree.ts";
import { immutable } from "../support/full-disk.ts";
import { sha256Hex } from "../support/ids.ts";
import { testOnLinux } from "../support/platform.ts";
import { silentLog } from "../support/silent-log.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, EMPTY, HELLO, openLocal, writeEntry } from "./local-fixture.ts";
import { RecordingRemote } from "./recording-remote.ts";

const OTHER_ACTION = "01".repeat(32);

function open(root: string, remote: RecordingRemote | undefined = new RecordingRemote()) {
  const counters = new Counters();
  const fixture = openLocal(root);
  const cache = new BuildCache({ ...fixture, remote, counters, concurrency: 1, log: silentLog });
  return { ...fixture, cache, counters, remote };
}

function put(cache: BuildCache, outputId: string, body: string, actionId = ACTION): LocalEntry {
  const writer = cache.beginPut(actionId, outputId);
  if (body !== "") writer.write(Buffer.from(body));
  return writer.commit();
}

test("commit makes output and record visible and passes them to the remote", () => {
  using dir = tempDir("put");
  const { cache, remote, counters } = open(dir.path);
  const entry = put(cache, HELLO, "hello");
  const path = dir.join("output", "2c", HELLO);
  const putTimeMs = expect.any(Number);
  expect(entry).toEqual({ actionId: ACTION, outputId: HELLO, sizeBytes: 5, putTimeMs, path });
  expect(readFileSync(path, "utf8")).toBe("hello");
  expect(remote.puts).toMatchObject([
    { actionId: ACTION, outputId: HELLO, sizeBytes: 5, putTimeMs: entry.putTimeMs, path },
  ]);
  expect(counters.snapshot()).toEqual({ put: 1, put_bytes: 5 });
});

test("a discarded put leaves no file and is not uploaded", () => {
  using dir = tempDir("put");
  const { cache, remote } = open(dir.path);
  const writer = cache.beginPut(ACTION, HELLO);
  writer.write(Buffer.from("hel"));
  writer.discard();
  expect([filesBelow(dir.path), remote.puts]).toEqual([[], []]);
});

test.each(["other", ""])(
  "bytes %j with another hash than their id change no output and are not uploaded",
  (body) => {
    using dir = tempDir("put");
    const { cache, remote } = open(dir.path);
    const good = put(cache, HELLO, "hello", OTHER_ACTION);
    const wrong = put(cache, HELLO, body);
    const read = ({ path }: LocalEntry) => readFileSync(path, "utf8");
    expect([read(good), read(wrong)]).toEqual(["hello", body]);
    expect(cache.get(OTHER_ACTION)).toMatchObject({ outputId: HELLO, path: good.path });
    expect(cache.get(ACTION)).toMatchObject({ outputId: sha256Hex(body), sizeBytes: body.length });
    expect(remote.puts).toHaveLength(1);
  },
);

test("an id that is no SHA-256 is used unchanged", () => {
  using dir = tempDir("put");
  const { cache, remote } = open(dir.path);
  put(cache, "0a0b0c", "hello");
  expect(cache.get(ACTION)).toMatchObject({ outputId: "0a0b0c" });
  expect(remote.puts).toEqual([]);
});

test("an existing record is not uploaded again but counts as used", () => {
  using dir = tempDir("put");
  const { cache, remote } = open(dir.path);
  put(cache, HELLO, "hello");
  put(cache, HELLO, "hello");
  expect([remote.puts.length, remote.uses]).toEqual([1, [ACTION]]);
});

test("another output of the same action and another action of the same output are uploaded", () => {
  using dir = tempDir("put");
  const { cache, remote } = open(dir.path);
  put(cache, HELLO, "hello");
  put(cache, EMPTY, "");
  put(cache, EMPTY, "", OTHER_ACTION);
  expect(remote.puts.map((entry) => [entry.actionId, entry.outputId])).toEqual([
    [ACTION, HELLO],
    [ACTION, EMPTY],
    [OTHER_ACTION, EMPTY],
  ]);
});

test("a record is uploaded again if its output was lost", () => {
  using dir = tempDir("put");
  const { dir: localDir, cache, remote } = open(dir.path);
  writeEntry(localDir, { actionId: ACTION, outputId: HELLO, body: "hell" });
  writeFileSync(localDir.path("action", ACTION), `${HELLO} 5\n`);
  put(cache, HELLO, "hello");
  expect(remote.puts).toHaveLength(1);
});

test("empty puts share one file that is written once", () => {
  using dir = tempDir("put");
  const { cache } = open(dir.path);
  const first = put(cache, EMPTY, "");
  const inode = statSync(first.path).ino;
  const second = put(cache, EMPTY, "", OTHER_ACTION);
  expect([second.path, statSync(second.path).ino]).toEqual([first.path, inode]);
});

test("an empty put writes its file again if it has disappeared", () => {
  using dir = tempDir("put");
  const { cache } = open(dir.path);
  mkdirSync(dir.join("output", "e3"), { recursive: true });
  writeFileSync(dir.join("output", "e3", EMPTY), "not empty");
  expect(readFileSync(put(cache, EMPTY, "").path, "utf8")).toBe("");
});

testOnLinux("a failed record write is no error, since go needs only the output", () => {
  using dir = tempDir("put");
  mkdirSync(dir.join("action"));
  using _closed = immutable(dir.join("action"));
  const { cache, writeErrors } = open(dir.path);
  expect(existsSync(put(cache, HELLO, "hello").path)).toBe(true);
  expect(writeErrors).toEqual(["EPERM"]);
});

test("a failed output write is an error", () => {
  using dir = tempDir("put");
  writeFileSync(dir.join("file"), "");
  const { cache } = open(dir.join("file", "cache"));
  expect(() => put(cache, HELLO, "hello")).toThrow("ENOTDIR");
});

test("without a remote a put is local only", () => {
  using dir = tempDir("put");
  const { local } = openLocal(dir.path);
  const options = { local, remote: undefined, counters: new Counters(), concurrency: 1, log: silentLog };
  const entry = put(new BuildCache(options), HELLO, "hello");
  expect(local.get(ACTION)).toMatchObject({ path: entry.path });
});
