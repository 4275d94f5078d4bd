import { expect, test } from "bun:test";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import type { BucketConfig, RemoteConfig } from "../../../src/app/config.ts";
import { healthPath, openStore, statePath } from "../../../src/app/remote/open-store.ts";
import { Counters } from "../../../src/lib/counters.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const S3: BucketConfig = {
  kind: "s3",
  bucket: "name",
  region: "eu-central-1",
  endpointUrl: "http://localhost:9000",
  pathStyle: true,
};

function configOf(bucket: BucketConfig, prefix = ""): RemoteConfig {
  return {
    bucket,
    prefix,
    layout: "packed",
    project: undefined,
    job: undefined,
    readOnly: false,
    sharesTestResults: true,
    minUploadBytes: 0,
    uploadConcurrency: 1,
    timeoutMs: 1,
    readPrefixes: [],
    trust: undefined,
  };
}

testOnPosix.each([
  ["file:///srv/go%20cache", { kind: "directory", path: "/srv/go cache" }],
  ["s3://name", S3],
] as const)("makes a store for %s", async (name, bucket) => {
  const options = { config: configOf(bucket), root: "/nowhere", env: {}, counters: new Counters() };
  await using store = openStore(options);
  expect(store.name).toBe(name);
});

testOnPosix("each bucket and prefix has its own state path, and nothing else changes it", () => {
  const configs = [
    configOf({ kind: "directory", path: "/srv/a" }),
    configOf({ kind: "directory", path: "/srv/b" }),
    configOf(S3),
    configOf(S3, "ci"),
    configOf({ ...S3, endpointUrl: "http://localhost:9001" }),
  ];
  const paths = configs.map((config) => statePath("/root", config, "packed"));
  expect(new Set(paths).size).toBe(paths.length);
  for (const path of paths) expect(path).toMatch(/^\/root\/state\/packed-[0-9a-f]{16}$/);
  expect(statePath("/root", { ...configOf(S3), timeoutMs: 2, readOnly: true }, "packed")).toBe(
    paths[2] ?? "",
  );
});

test("the health seen through one proxy says nothing of another proxy, or of none", () => {
  const of = (env: Record<string, string>) => healthPath("/root", configOf(S3), env);
  const direct = of({});
  expect(direct).toBe(`${statePath("/root", configOf(S3), "remote")}.json`);
  const proxied = of({ https_proxy: "http://user:one@proxy:1" });
  expect(of({ https_proxy: "http://user:two@proxy:1" })).toBe(proxied);
  const others = [of({ https_proxy: "proxy:2" }), of({ https_proxy: "proxy:1", no_proxy: "internal" })];
  expect(new Set([direct, proxied, ...others]).size).toBe(4);
  const directory = configOf({ kind: "directory", path: "/srv/a" });
  expect(healthPath("/root", directory, { https_proxy: "proxy:1" })).toBe(healthPath("/root", directory, {}));
});

testOnPosix("a place that is a link is none: what it leads to is another's", () => {
  using dir = tempDir("open-store");
  const config = configOf(S3);
  const path = statePath(dir.path, config, "packed");
  mkdirSync(dir.join("elsewhere"));
  mkdirSync(dir.join("state"));
  symlinkSync(dir.join("elsewhere"), path);
  expect(statePath(dir.path, config, "packed")).toBe(path);
  expect([existsSync(path), existsSync(dir.join("elsewhere"))]).toEqual([false, true]);
});
