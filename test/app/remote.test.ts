import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import type { RemoteConfig } from "../../src/app/config.ts";
import { openRemote } from "../../src/app/remote.ts";
import type { RemoteBuilds } from "../../src/buildcache/remote-builds.ts";
import { Counters } from "../../src/lib/counters.ts";
import { ACTION, HELLO, openLocal, putOutput } from "../buildcache/local-fixture.ts";
import { silentLog } from "../buildcache/recording-remote.ts";
import { filesBelow } from "../support/file-tree.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

function open(
  dir: TempDir,
  config: Partial<RemoteConfig> = {},
): { remote: RemoteBuilds; put(): Promise<void> } {
  const { local } = openLocal(dir.join("cache"));
  const remote = openRemote({
    config: {
      bucket: { kind: "directory", path: dir.join("bucket") },
      prefix: "ci",
      layout: "split",
      readOnly: false,
      minUploadBytes: 0,
      uploadConcurrency: 2,
      timeoutMs: 60_000,
      ...config,
    },
    drainTimeoutMs: 60_000,
    root: dir.join("cache"),
    local,
    env: {},
    counters: new Counters(),
    log: silentLog(),
  });
  const put = async () => {
    const path = putOutput(local, HELLO, "hello");
    remote.put({ actionId: ACTION, outputId: HELLO, sizeBytes: 5, putTimeMs: 0, path });
    await remote.drain();
  };
  return { remote, put };
}

test("a directory is a bucket", async () => {
  using dir = tempDir("remote");
  await open(dir).put();
  expect(filesBelow(dir.join("bucket"))).toEqual([`ci/action/00/${ACTION}`, `ci/output/2c/${HELLO}`]);
});

test("each setting of the remote reaches it", async () => {
  using dir = tempDir("remote");
  await open(dir, { minUploadBytes: 6 }).put();
  await open(dir, { readOnly: true }).put();
  expect(filesBelow(dir.join("bucket"))).toEqual([]);
});

test("what is learned of a remote is kept for each address of its own", async () => {
  using dir = tempDir("remote");
  writeFileSync(dir.join("bucket"), "no directory");
  for (const prefix of ["one", "two", "two"]) {
    const { put } = open(dir, { prefix });
    for (let failures = 0; failures < 3; failures++) await put();
  }
  const names = readdirSync(dir.join("cache", "state"));
  expect(names.map((name) => name.replace(/[0-9a-f]{16}/, "<address>"))).toEqual([
    "remote-<address>.json",
    "remote-<address>.json",
  ]);
});
