import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { Counters } from "../../../src/lib/counters.ts";
import { FileStorage } from "../../../src/modproxy/files/file-storage.ts";
import { type ModRequest, parseName } from "../../../src/modproxy/names/mod-request.ts";
import { InlineFiles } from "../../../src/modproxy/run/inline-files.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { sha256Hex } from "../../support/ids.ts";
import { testOnLinux } from "../../support/platform.ts";
import { silentLog } from "../../support/silent-log.ts";
import { tempDir } from "../../support/temp-dir.ts";

const NAME = "example.com/a/@v/v1.0.0.mod";
const REQUEST = parseName(NAME, new Set()) as ModRequest;
const BYTES = Buffer.from("module example.com/a\n");

/** `idle`: lets what waits for idle clients go on. */
function openInline(root: string) {
  const storage = new FileStorage({
    dir: new LocalDir(root),
    remote: undefined,
    databases: new Map(),
    whenIdle: async () => {},
    verify: async () => "unknown",
    mayUpload: async () => true,
    counters: new Counters(),
    log: silentLog,
  });
  const idle = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<string>();
  const inline = new InlineFiles({
    storage,
    whenIdle: () => idle.promise,
    onStored: ({ name }) => stored.resolve(name),
    counters: new Counters(),
  });
  return { inline, storage, idle, stored: stored.promise };
}

test.each([
  ["that differs from its sum", BYTES, sha256Hex("other")],
  ["that is not what its name says", Buffer.from("no go.mod"), sha256Hex("no go.mod")],
])("a file %s is neither served nor stored", async (_what, bytes, sha256) => {
  using dir = tempDir("inline");
  const { inline, storage } = openInline(dir.path);
  inline.add(REQUEST, sha256, bytes);
  expect(inline.find(NAME)).toBeUndefined();
  inline.add(REQUEST, sha256, bytes);
  await inline.store();
  expect([inline.find(NAME), storage.store.find(NAME)]).toEqual([undefined, undefined]);
});

test("a file is in memory alone until no client waits", async () => {
  using dir = tempDir("inline");
  const { inline, storage, idle, stored } = openInline(dir.path);
  inline.add(REQUEST, sha256Hex(BYTES), BYTES);
  expect(inline.find(NAME)).toEqual({ sha256: sha256Hex(BYTES), bytes: BYTES });
  expect(existsSync(dir.join("module"))).toBe(false);
  idle.resolve();
  expect(await stored).toBe(NAME);
  expect(readFileSync(storage.store.find(NAME)?.path ?? "").equals(BYTES)).toBe(true);
  expect([inline.find(NAME), storage.metas.find(NAME)?.sha256]).toEqual([undefined, sha256Hex(BYTES)]);
});

test("a file that has come to the disk meanwhile stays as it is there", async () => {
  using dir = tempDir("inline");
  const { inline, storage } = openInline(dir.path);
  inline.add(REQUEST, sha256Hex(BYTES), BYTES);
  const better = Buffer.from("module example.com/a // as the database says\n");
  storage.keepBytes(REQUEST, better, { sha256: sha256Hex(better), upload: false });
  await inline.store();
  expect(storage.readLocal(NAME)?.bytes.equals(better)).toBe(true);
  expect(inline.find(NAME)).toBeUndefined();
});

test("a file that was found wrong is not served again", async () => {
  using dir = tempDir("inline");
  const { inline, storage } = openInline(dir.path);
  inline.add(REQUEST, sha256Hex(BYTES), BYTES);
  inline.forget(NAME);
  await inline.store();
  expect([inline.find(NAME), storage.store.find(NAME)]).toEqual([undefined, undefined]);
});

testOnLinux("a file that the disk does not take is served from memory", async () => {
  using disk = new FullDisk(16 << 10);
  const { inline, storage } = openInline(disk.path);
  const bytes = Buffer.from(`module example.com/a\n${"// filler\n".repeat(8_000)}`);
  inline.add(REQUEST, sha256Hex(bytes), bytes);
  await inline.store();
  expect(storage.store.find(NAME)).toBeUndefined();
  expect(inline.find(NAME)?.bytes.equals(bytes)).toBe(true);
});
