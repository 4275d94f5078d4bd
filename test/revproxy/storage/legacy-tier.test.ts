import { afterEach, beforeEach, expect } from "bun:test";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { parseAbsoluteForm, type Resource } from "../../../src/revproxy/resource.ts";
import { DiskTier, type NamedStore } from "../../../src/revproxy/storage/disk-tier.ts";
import { LegacyTier } from "../../../src/revproxy/storage/legacy-tier.ts";
import { TempFile } from "../../../src/store/local/temp-file.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

let dir: TempDir;
beforeEach(() => {
  dir = tempDir("legacy");
});
afterEach(() => dir[Symbol.dispose]());

/** A store with one object of tailscale/go-cache-plugin, on a full disk. */
function fullStore(disk: FullDisk, object: string): NamedStore {
  const path = dir.join("object");
  writeFileSync(path, object);
  const file = { path, sizeBytes: object.length, mtimeMs: 0 };
  let count = 0;
  return {
    find: () => undefined,
    fetch: async (_, check) => ((await check(path)) ? file : undefined),
    createTemp: () => new TempFile(disk.join(`temp-${count++}`)),
    keep: () => file,
    remove: () => undefined,
  };
}

/** Files below `root` that this process has open. */
function openBelow(root: string): string[] {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => target.startsWith(root));
}

testOnLinux("on a full disk, a confirmed object leaves no file, open or not", async () => {
  using disk = new FullDisk(2 * 4096);
  const store = fullStore(disk, `Etag: "x"\n\n${"body ".repeat(20_000)}`);
  const tier = new LegacyTier({ store, disk: new DiskTier(store), isSingleHost: true });
  const resource = parseAbsoluteForm("http://files.example/a") as Resource;
  const found = await tier.find(resource, []);
  const head = found?.head ?? expect.unreachable();
  const fresh = await found?.update(head, { upload: false });
  expect(fresh?.head).toEqual(head);
  expect([readdirSync(disk.path), openBelow(disk.path)]).toEqual([[], []]);
});
