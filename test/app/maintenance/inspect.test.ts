import { expect, test } from "bun:test";
import { inspectId } from "../../../src/app/maintenance/inspect.ts";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { writeEntry } from "../../buildcache/local-fixture.ts";
import { StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { bucketConfig } from "./bucket-config.ts";

test("an id is looked for in the bucket and on this machine, and nothing is made there", async () => {
  await using cache = tempDir("inspect");
  using bucket = new StockedBucket();
  const [entry] = (await bucket.pack(["one"])) as [PackedEntry];
  await bucket.run([entry]);
  const { actionId, outputId } = entry;
  const config = bucketConfig(bucket.dir.path);
  const find = (id: string, cacheDir: string) =>
    inspectId({ config, cacheDir, env: {}, id, onProgress: () => {} });

  const nowhere = await find("00000000", cache.join("none"));
  expect(nowhere).toEqual({ inBucket: [], local: { actions: [], outputs: [] } });
  expect(await Array.fromAsync(new Bun.Glob("**").scan(cache.path))).toEqual([]);

  const dir = new LocalDir(cache.path);
  writeEntry(dir, { actionId, outputId, body: "one" });
  const byAction = await find(actionId, cache.path);
  expect(byAction).toMatchObject({
    inBucket: [{ actionId }],
    local: { actions: [{ path: dir.path("action", actionId), isWhole: true }], outputs: [] },
  });
  const byOutput = await find(outputId.slice(0, 8), cache.path);
  expect(byOutput).toMatchObject({
    inBucket: [{ outputId }],
    local: { actions: [], outputs: [{ path: dir.path("output", outputId), sizeBytes: 3 }] },
  });
});
