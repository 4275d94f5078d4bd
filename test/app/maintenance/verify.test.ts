import { expect, test } from "bun:test";
import { verifyAll } from "../../../src/app/maintenance/verify.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { ACTION, HELLO, writeEntry } from "../../buildcache/local-fixture.ts";
import { packOf, StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { bucketConfig } from "./bucket-config.ts";

test("finds what is wrong on this machine, then in both layouts of the bucket, and tells how far it is", async () => {
  await using cache = tempDir("verify");
  using bucket = new StockedBucket();
  const dir = new LocalDir(cache.path);
  writeEntry(dir, { actionId: ACTION, outputId: HELLO, body: "hellp" });
  const entries = await bucket.pack(["one"]);
  await bucket.run(entries);
  const pack = bucket.keys.pack(packOf(entries[0]));
  await bucket.overwrite(pack, Buffer.from("x"));
  const split = await bucket.put(`team/output/2c/${HELLO}`, Buffer.from("x"));
  const stages = new Set<string>();
  const found: string[] = [];
  const report = await verifyAll({
    config: bucketConfig(bucket.dir.path),
    cacheDir: cache.path,
    env: {},
    isRepairing: true,
    onFinding: ({ where, isRemoved }) => found.push(`${where} ${isRemoved}`),
    onProgress: ({ stage }) => stages.add(stage),
  });
  const wrong = [dir.path("output", HELLO), dir.path("action", ACTION), pack, split];
  expect(found).toEqual(wrong.map((where) => `${where} true`));
  expect(report).toMatchObject({
    root: cache.path,
    local: { records: 1 },
    bucket: { records: 1, frames: 1 },
  });
  expect([...stages]).toEqual([
    "reading local outputs",
    "reading local records",
    "reading records",
    "reading packs",
    "reading outputs in the bucket",
  ]);
});

test("without a bucket only this machine is looked at", async () => {
  await using cache = tempDir("verify");
  const report = await verifyAll({
    config: undefined,
    cacheDir: cache.path,
    env: {},
    isRepairing: false,
    onFinding: () => {},
    onProgress: () => {},
  });
  expect(report.bucket).toBeUndefined();
});
