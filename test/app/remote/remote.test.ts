import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import type { RemoteConfig } from "../../../src/app/config.ts";
import { openRemote } from "../../../src/app/remote/remote.ts";
import { CompileTimesFile } from "../../../src/app/summary/compile-times-file.ts";
import type { RemoteBuilds } from "../../../src/buildcache/remote-builds.ts";
import { Counters } from "../../../src/lib/counters.ts";
import { encodeName } from "../../../src/lib/text/percent-name.ts";
import { ACTION, HELLO, openLocal, putOutput } from "../../buildcache/local-fixture.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { sha256Hex } from "../../support/ids.ts";
import { silentLog } from "../../support/silent-log.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const ENTRY = { outputId: HELLO, sizeBytes: 5, putTimeMs: 1_700_000_000_000 };
/** Of CI, so that the scope is the same wherever the tests run. */
const ENV = {
  GOOS: "linux",
  GOARCH: "amd64",
  GOVERSION: "go1.26.3",
  GITHUB_ACTIONS: "true",
  GITHUB_RUN_ID: "77",
  GITHUB_REF_NAME: "main",
  GITHUB_REF_TYPE: "branch",
};

function open(
  dir: TempDir,
  config: Partial<RemoteConfig> = {},
  cache = "cache",
  maxSizeBytes = 0,
): { remote: RemoteBuilds; put(): Promise<void> } {
  const { local } = openLocal(dir.join(cache));
  const counters = new Counters();
  const remote = openRemote({
    config: {
      bucket: { kind: "directory", path: dir.join("bucket") },
      prefix: "ci",
      layout: "split",
      project: "example.com/a",
      job: "unit tests",
      readOnly: false,
      sharesTestResults: true,
      minUploadBytes: 0,
      uploadConcurrency: 2,
      timeoutMs: 60_000,
      readPrefixes: [],
      trust: undefined,
      ...config,
    },
    drainTimeoutMs: 60_000,
    maxSizeBytes,
    root: dir.join(cache),
    local,
    env: ENV,
    counters,
    compileTimes: new CompileTimesFile(dir.join(cache)),
    log: silentLog,
  });
  const put = async () => {
    const path = putOutput(local, HELLO, "hello");
    remote.put({ ...ENTRY, actionId: ACTION, path });
    await remote.drain();
  };
  return { remote, put };
}

/** The objects in the bucket, with what is random or a hash in their keys cut out. */
function objects(dir: TempDir): string[] {
  return filesBelow(dir.join("bucket")).map((key) =>
    key
      .replace(/pack\/..\/[0-9a-f]{64}$/, "pack/<xx>/<pack>")
      .replace(/\d{13}-77-[0-9a-f]{12}\./, "<time>-77-<machine>.")
      .replace(/\d{13}-[0-9a-f]{16}-[0-9a-f]{12}\./, "<time>-<scope>-<random>."),
  );
}

const SPLIT_OBJECTS = [`ci/action/00/${ACTION}`, `ci/output/2c/${HELLO}`];
const SCOPE = "linux_amd64_go1.26.3/example.com%2Fa";
const PACKED_OBJECTS = [
  `ci/packed/v1/head/${SCOPE}/main/unit%20tests.json.zst`,
  `ci/packed/v1/new/${SCOPE}/<time>-<scope>-<random>.json.zst`,
  "ci/packed/v1/pack/<xx>/<pack>",
  `ci/packed/v1/run/${SCOPE}/main/unit%20tests/<time>-77-<machine>.1.json.zst`,
];

describe.each([
  ["split", SPLIT_OBJECTS],
  ["packed", PACKED_OBJECTS],
  ["both", [...SPLIT_OBJECTS, ...PACKED_OBJECTS]],
] as const)("the layout %s", (layout, keys) => {
  test("lies in a directory like this", async () => {
    using dir = tempDir("remote");
    await open(dir, { layout }).put();
    expect(objects(dir)).toEqual([...keys]);
  });

  test("is read by another machine", async () => {
    using dir = tempDir("remote");
    await open(dir, { layout }).put();
    const { remote } = open(dir, { layout }, "other");
    expect(await remote.get(ACTION)).toMatchObject(ENTRY);
    await remote.drain();
  });

  test("is left as it is with --read-only", async () => {
    using dir = tempDir("remote");
    const { remote, put } = open(dir, { layout, readOnly: true });
    await put();
    await remote.settle();
    expect(objects(dir)).toEqual([]);
  });
});

test("both layouts find what only the split one has, and what only the packed one has", async () => {
  for (const layout of ["split", "packed"] as const) {
    using dir = tempDir("remote");
    await open(dir, { layout }).put();
    expect(await open(dir, { layout: "both" }, "other").remote.get(ACTION)).toMatchObject(ENTRY);
  }
});

test("each setting of the remote reaches it", async () => {
  using dir = tempDir("remote");
  await open(dir, { minUploadBytes: 6 }).put();
  expect(objects(dir)).toEqual([]);
  const project = "../a project/😀";
  await open(dir, { layout: "packed", prefix: "", project, job: "%/.." }).put();
  const scope = `linux_amd64_go1.26.3/${encodeName(project)}/main/${encodeName("%/..")}.json.zst`;
  expect(objects(dir)[0]).toBe(`packed/v1/head/${scope}`);
});

test.each(["split", "packed"] as const)(
  "what is learned of a remote is kept for each address of its own: %s",
  async (layout) => {
    using dir = tempDir("remote");
    writeFileSync(dir.join("bucket"), "no directory");
    for (const prefix of ["one", "two", "two"]) {
      const { put } = open(dir, { layout, prefix });
      for (let failures = 0; failures < 3; failures++) await put();
    }
    const names = readdirSync(dir.join("cache", "state")).filter((name) => name.startsWith("remote-"));
    expect(names.map((name) => name.replace(/[0-9a-f]{16}/, "<address>"))).toEqual([
      "remote-<address>.json",
      "remote-<address>.json",
    ]);
  },
);

test("no more is fetched ahead than the size limit of the cache directory, by all processes together", async () => {
  using dir = tempDir("remote");
  const layout = "packed";
  const bodies = Array.from({ length: 20 }, (_, n) => new Uint8Array(100_000).fill(n));
  const { remote } = open(dir, { layout });
  const { local } = openLocal(dir.join("cache"));
  const ids = bodies.map((body) => sha256Hex(body));
  for (const [n, outputId] of ids.entries()) {
    const path = putOutput(local, outputId, bodies[n] as Uint8Array);
    remote.put({ actionId: outputId, outputId, sizeBytes: 100_000, putTimeMs: 1_700_000_000_000, path });
  }
  await remote.drain();
  const onDisk = () => filesBelow(dir.join("other", "output")).length;
  for (let process = 0; process < 3; process++) {
    const reader = open(dir, { layout, readOnly: true }, "other", 500_000).remote;
    await reader.get(ids[0] as string);
    await reader.settle();
    expect(onDisk()).toBeWithin(2, 6);
  }
  const reader = open(dir, { layout, readOnly: true }, "other", 500_000).remote;
  for (const id of ids) expect((await reader.get(id))?.outputId).toBe(id);
  await reader.drain();
});
