/** A proxy's files in a bucket: for the next machine, and for tailscale/go-cache-plugin. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { s3Flags } from "../../support/binary.ts";
import { eventually } from "../../support/eventually.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { type ModServer, startModServer } from "../../support/modules/mod-server.ts";
import { startModuleUpstream } from "../../support/modules/module-upstream.ts";
import { startS3Server } from "../../support/s3-server.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { addCaseModules, nameHash, openProxyFixture, storedFiles } from "./fixture.ts";

/** Files of each kind that tailscale/go-cache-plugin stored, by its own names. */
const PATHS = [
  "example.com/a/@v/v1.1.0.info",
  "example.com/a/@v/v1.1.0.mod",
  "example.com/a/@v/v1.1.0.zip",
  "sumdb/sumdb.test/lookup/example.com/!big!co/!lib@v0.1.0",
];

const JOB = {
  TZ: "UTC",
  BUILDKITE: "true",
  BUILDKITE_PIPELINE_SLUG: "app",
  BUILDKITE_STEP_KEY: "unit",
  BUILDKITE_BRANCH: "main",
};

test.each(["bucket", "disk"])(
  "files of tailscale/go-cache-plugin on the %s are served without the upstream",
  async (where) => {
    await using dir = tempDir("seed");
    await using upstream = await startModuleUpstream();
    await addCaseModules(upstream);
    const root = where === "disk" ? dir.join("machine/cache") : dir.join("bucket/team");
    const contents = PATHS.map((path) => contentOf(upstream, path));
    for (const [i, path] of PATHS.entries()) {
      const hash = nameHash(path);
      const file = join(root, "module", hash.slice(0, 2), hash);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents[i] as Buffer);
    }
    const flags = [`--bucket=file://${dir.join("bucket")}`, "--prefix=team"];
    await using server = await startModServer({ dir: dir.join("machine"), upstream, flags });
    for (const [i, path] of PATHS.entries()) {
      const response = await server.get(path);
      expect(response.headers.get("x-cache")).toBe(where === "disk" ? "hit, local" : "hit, remote");
      expect(Buffer.from(await response.arrayBuffer()).equals(contents[i] as Buffer)).toBe(true);
    }
    // The zip and go.mod may be verified by now, which requests other files.
    expect(upstream.requested.filter((path) => PATHS.includes(path))).toEqual([]);
  },
);

test("stored files have the names and bytes of tailscale/go-cache-plugin's, on the disk and in the bucket", async () => {
  await using fixture = await openProxyFixture({ flags: [] });
  const { dir, upstream } = fixture;
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  await using server = await startModServer({ dir: dir.join("machine"), upstream, flags });
  for (const path of PATHS) await server.answerTo(path);
  await server.stop();
  for (const path of PATHS) {
    const hash = nameHash(path);
    const place = join("module", hash.slice(0, 2), hash);
    for (const root of [server.cacheDir, dir.join("bucket")]) {
      expect(readFileSync(join(root, place)).equals(contentOf(upstream, path))).toBe(true);
    }
  }
});

test("the names are hashed as by tailscale/go-cache-plugin", () => {
  expect(nameHash("example.com/a/@v/list")).toBe(
    "73c8d9f90801de0d24c706e579f5f21db7becaee516285dc0c5c0bc12ac74439",
  );
  expect(nameHash("sumdb/sumdb.test/lookup/example.com/!big!co/!lib@v0.1.0")).toBe(
    "06f65f019b6bc4a6b51a13e5751b25d90429d5950282cd83dee04226f0904b89",
  );
});

test("files of the last run are prefetched, small ones with the record itself", async () => {
  await using s3 = await startS3Server();
  await using bucket = await FaultProxy.start({ target: s3.endpoint });
  await using dir = tempDir("run");
  await using upstream = await startModuleUpstream();
  await addCaseModules(upstream);
  const options = {
    upstream,
    flags: s3Flags(s3, { endpoint: bucket.endpoint }),
    env: { ...s3.env, TZ: "UTC" },
  };
  await using one = await startModServer({ dir: dir.join("one"), ...options });
  for (const path of PATHS) await one.answerTo(path);
  await one.stop();
  await upstream.stop();
  const before = bucket.seen.length;
  await using two = await startModServer({ dir: dir.join("two"), ...options });
  for (const path of PATHS) {
    const response = await two.get(path);
    expect(response.headers.get("x-cache")).toBe("hit, remote");
    expect(Buffer.from(await response.arrayBuffer()).equals(contentOf(upstream, path))).toBe(true);
  }
  const gets = bucket.seen.slice(before).filter(({ method }) => method === "GET");
  expect(gets.length).toBeLessThanOrEqual(2);
  expect(gets.at(-1)?.path).toContain("packed/v1/mod/");
  await two.stop();
  expect(hasAll(two)).toBe(true);
});

test("proxies of one job that run at the same time keep the other proxies' files in the record", async () => {
  await using dir = tempDir("run");
  await using upstream = await startModuleUpstream();
  await addCaseModules(upstream);
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  const start = (name: string) =>
    startModServer({ dir: dir.join(name), upstream, flags, env: { TZ: "UTC" } });
  // Both have read that there is no record before either writes.
  await using one = await start("one");
  await using two = await start("two");
  for (const [i, path] of PATHS.entries()) await (i % 2 === 0 ? one : two).answerTo(path);
  await Promise.all([one.stop(), two.stop()]);
  await upstream.stop();
  await using next = await start("next");
  expect((await next.get(PATHS[0] ?? "")).status).toBe(200);
  await eventually("all that the runs used", () => hasAll(next));
});

test("files of the run before last are prefetched if the last run was interrupted", async () => {
  await using dir = tempDir("run");
  await using upstream = await startModuleUpstream();
  await addCaseModules(upstream);
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  const run = (name: string) =>
    startModServer({ dir: dir.join(name), upstream, flags, env: { ...JOB, BUILDKITE_BUILD_ID: name } });
  for (const [name, paths] of [
    ["one", PATHS.slice(0, 3)],
    ["two", PATHS.slice(3)],
  ] as const) {
    await using server = await run(name);
    for (const path of paths) await server.answerTo(path);
    await server.stop();
  }
  await using next = await run("next");
  await next.answerTo(PATHS[0] ?? "");
  await eventually("all that the runs used", () => hasAll(next));
});

test("a corrupt object is refused and replaced, and a failing bucket doesn't fail requests", async () => {
  await using fixture = await openProxyFixture();
  const { dir, upstream } = fixture;
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  const [path = ""] = PATHS.slice(2);
  const hash = nameHash(path);
  const object = dir.join("bucket/module", hash.slice(0, 2), hash);
  mkdirSync(dirname(object), { recursive: true });
  writeFileSync(object, "corrupt");
  await using server = await startModServer({ dir: dir.join("machine"), upstream, flags });
  const bytes = contentOf(upstream, path);
  expect(Buffer.from(await (await server.get(path)).arrayBuffer()).equals(bytes)).toBe(true);
  await server.stop();
  expect(readFileSync(object).equals(bytes)).toBe(true);
  const gone = ["--bucket=gone", "--s3-endpoint-url=http://127.0.0.1:9", "--region=us-east-1"];
  await using alone = await startModServer({ dir: dir.join("alone"), upstream, flags: gone });
  expect((await alone.get(path)).status).toBe(200);
});

test("the next proxy continues the uploads of a killed one", async () => {
  await using fixture = await openProxyFixture();
  const { dir, upstream } = fixture;
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  await using killed = await startModServer({ dir: dir.join("machine"), upstream, flags });
  await killed.answerTo(PATHS[2] ?? "");
  killed.running.signal("SIGKILL");
  await killed.running.outcome;
  expect(filesBelow(dir.path).filter((name) => name.startsWith("bucket/module/"))).toEqual([]);
  await using next = await startModServer({ dir: dir.join("machine"), upstream, flags });
  await next.stop();
  const hash = nameHash(PATHS[2] ?? "");
  expect(filesBelow(dir.path)).toContain(`bucket/module/${hash.slice(0, 2)}/${hash}`);
});

test("a read-only bucket is never written", async () => {
  await using fixture = await openProxyFixture();
  const { dir, upstream } = fixture;
  mkdirSync(dir.join("bucket"));
  const flags = [`--bucket=file://${dir.join("bucket")}`, "--read-only"];
  await using server = await startModServer({ dir: dir.join("machine"), upstream, flags });
  for (const path of PATHS) await server.answerTo(path);
  await server.stop();
  expect(filesBelow(dir.join("bucket"))).toEqual([]);
});

function hasAll(server: ModServer): boolean {
  const stored = new Set(storedFiles(server));
  return PATHS.every((path) => stored.has(`module/${nameHash(path).slice(0, 2)}/${nameHash(path)}`));
}

function contentOf({ files, sumdb }: Awaited<ReturnType<typeof startModuleUpstream>>, path: string): Buffer {
  const start = `sumdb/${sumdb.name}/`;
  const content = path.startsWith(start) ? sumdb.answer(path.slice(start.length)) : files.get(path);
  return Buffer.from(content as string);
}
