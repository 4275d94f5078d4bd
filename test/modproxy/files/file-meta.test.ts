import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { type FileMeta, MetaFiles } from "../../../src/modproxy/files/file-meta.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { hashName } from "../../../src/store/local/named-files.ts";
import { TieredStore } from "../../../src/store/tiered/tiered-store.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { sha256Hex } from "../../support/ids.ts";
import { testOnLinux } from "../../support/platform.ts";
import { silentLog } from "../../support/silent-log.ts";
import { tempDir } from "../../support/temp-dir.ts";

const META: FileMeta = {
  name: "example.com/a/@v/list",
  sha256: sha256Hex("x"),
  sizeBytes: 12,
  fetchedAtMs: 1_700_000_000_000,
  etag: 'W/"a"',
};

function openMetas(root: string): MetaFiles {
  const options = { dir: new LocalDir(root), kind: "module-meta", log: silentLog, count: () => {} };
  return new MetaFiles(new TieredStore({ ...options, remote: undefined }));
}

/** The note that is read from this text. */
function read(text: string): FileMeta | undefined {
  using dir = tempDir("meta");
  const hash = hashName(META.name);
  mkdirSync(dir.join("module-meta", hash.slice(0, 2)), { recursive: true });
  writeFileSync(dir.join("module-meta", hash.slice(0, 2), hash), text);
  return openMetas(dir.path).find(META.name);
}

test("reads a complete note", () => {
  expect(read(JSON.stringify(META))).toEqual(META);
  expect(read(JSON.stringify({ ...META, etag: undefined, verified: true }))).toMatchObject({
    verified: true,
  });
});

test.each<[string, object]>([
  ["with another name", { name: "b" }],
  ["without a hash", { sha256: "x" }],
  ["with an invalid size", { sizeBytes: -1 }],
  ["with an etag that would break every request", { etag: '"a"\nx' }],
  ["with an etag that is not a string", { etag: {} }],
  ["with an invalid verified field", { verified: "yes" }],
  ["without a time", { fetchedAtMs: null }],
  ["that is too large", { etag: "x".repeat(64 << 10) }],
])("ignores a note %s", (_, change) => {
  expect(read(JSON.stringify({ ...META, ...change }))).toBeUndefined();
});

testOnLinux("a note that does not fit on the disk leaves no file", () => {
  using disk = new FullDisk(8 << 10);
  expect(() => writeFileSync(disk.join("all-of-it"), Buffer.alloc(16 << 10))).toThrow("ENOSPC");
  openMetas(disk.path).save(META, { upload: false });
  expect(readdirSync(disk.join("tmp"))).toEqual([]);
});
