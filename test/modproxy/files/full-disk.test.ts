/** Module files when the cache directory can't be written. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { GrowingFile } from "../../../src/modproxy/files/growing-file.ts";
import type { ModFile } from "../../../src/modproxy/files/mod-file.ts";
import { prefetchModules } from "../../../src/modproxy/maintain/prefetch.ts";
import type { LocalDir } from "../../../src/store/local/local-dir.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { makeZip, zipAround } from "../../support/modules/make-zip.ts";
import {
  answer,
  answering,
  type ModuleUpstream,
  startModuleUpstream,
} from "../../support/modules/module-upstream.ts";
import { testOnLinux } from "../../support/platform.ts";
import { rejection } from "../../support/rejection.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { openLocalProxy } from "../proxy-fixture.ts";

const ZIP = "example.com/a/@v/v1.0.0.zip";
const LIST = "example.com/a/@v/list";
const NOISE = "example.com/a@v1.0.0/noise";

test("serves a zip that can't be stored, and stores it the next time", async () => {
  using dir = tempDir("modproxy");
  await using upstream = await startModuleUpstream();
  await using local = openLocalProxy(dir.path, upstream.url);
  const zip = putZip(upstream, 1);
  failOnce(local.dir);
  const passed = (await local.get(ZIP)) as ModFile;
  expect([passed.path, passed.source, passed.bytes?.equals(zip)]).toEqual(["", "fetch", true]);
  const kept = (await local.get(ZIP)) as ModFile;
  expect([readFileSync(kept.path).equals(zip), kept.sha256]).toEqual([true, passed.sha256]);
  expect(upstream.count(ZIP)).toBe(2);
});

test("a zip that fits neither the disk nor memory is an error until there is room", async () => {
  using dir = tempDir("modproxy");
  await using upstream = await startModuleUpstream();
  await using local = openLocalProxy(dir.path, upstream.url);
  putZip(upstream, 17);
  failOnce(local.dir);
  expect(String(await rejection(local.get(ZIP)))).toContain("the cache directory can't be written");
  const file = await local.get(ZIP);
  if (file instanceof GrowingFile) await file.settled();
  expect(((await local.get(ZIP)) as ModFile).source).toBe("local");
});

testOnLinux(
  "serves a zip that fills the disk, and doesn't count that as a failure of the upstream",
  async () => {
    using disk = new FullDisk(64 << 10);
    await using upstream = await startModuleUpstream();
    await using second = await startModuleUpstream();
    await using local = openLocalProxy(disk.path, `${upstream.url}|${second.url}`);
    const zip = putZip(upstream, 1);
    expect(((await local.get(ZIP)) as ModFile).bytes?.equals(zip)).toBe(true);
    expect([upstream.count(ZIP), second.requested]).toEqual([2, []]);
    // A failed upstream would get one attempt before the next is asked.
    upstream.overrides.set(LIST, (request, response, body) => {
      if (upstream.count(LIST) < 2) void answering(503)(request, response, body);
      else answer(request, response, body);
    });
    upstream.files.set(LIST, "v1.0.0\n");
    expect(String(((await local.get(LIST)) as ModFile).bytes)).toBe("v1.0.0");
    expect(second.requested).toEqual([]);
    expect([openFilesBelow(disk.path), readdirSync(disk.join("tmp"))]).toEqual([[], []]);
  },
);

test("refuses a bad zip also when it can't be stored", async () => {
  using dir = tempDir("modproxy");
  await using upstream = await startModuleUpstream();
  await using local = openLocalProxy(dir.path, upstream.url);
  upstream.files.set(ZIP, makeZip({ "example.com/b@v1.0.0/go.mod": "module example.com/b\n" }));
  failOnce(local.dir);
  expect(String(await rejection(local.get(ZIP)))).toContain("upstream sent a bad file: zip has");
});

testOnLinux("small files on a full disk leak neither descriptors nor temporary files", async () => {
  using disk = new FullDisk(16 << 10);
  await using upstream = await startModuleUpstream();
  await using local = openLocalProxy(disk.path, upstream.url);
  for (let n = 0; n < 10; n++) {
    const mod = `module example.com/a\n${"// filler\n".repeat(2_000)}`;
    upstream.files.set(`example.com/a/@v/v1.${n}.0.mod`, mod);
    expect(String(((await local.get(`example.com/a/@v/v1.${n}.0.mod`)) as ModFile).bytes)).toBe(mod);
  }
  expect([openFilesBelow(disk.path), readdirSync(disk.join("tmp"))]).toEqual([[], []]);
});

testOnLinux("a file that could not be stored does not count as prefetched", async () => {
  using disk = new FullDisk(64 << 10);
  await using upstream = await startModuleUpstream();
  await using local = openLocalProxy(disk.path, upstream.url);
  putZip(upstream, 1);
  const { files, failures } = await prefetchModules(local.proxy, [{ name: ZIP, hash: "" }], () => {});
  expect([files, failures.find(({ name }) => name === ZIP)?.reason]).toEqual([
    0,
    "the cache directory can't be written",
  ]);
});

/** A zip of that size, not compressed. */
function putZip(upstream: ModuleUpstream, sizeMiB: number): Buffer {
  const { head, tail } = zipAround(NOISE, Buffer.alloc(1 << 20, "noise"), sizeMiB);
  const zip = Buffer.concat([head, Buffer.alloc(sizeMiB << 20, "noise"), tail]);
  upstream.files.set(ZIP, zip);
  return zip;
}

function failOnce(dir: LocalDir): void {
  const createTemp = dir.createTemp.bind(dir);
  dir.createTemp = () => {
    dir.createTemp = createTemp;
    throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  };
}

function openFilesBelow(path: string): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => linkOf(`/proc/self/fd/${fd}`));
  return links.filter((link) => link.startsWith(path));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor of this listing itself.
    return "";
  }
}
