import { expect, test } from "bun:test";
import { collectInBucket } from "../../../src/app/maintenance/gc.ts";
import { DAY_MS, StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { bucketConfig } from "./bucket-config.ts";

test("collects below the configured prefix, and tells how far it is", async () => {
  await using cache = tempDir("gc");
  using bucket = new StockedBucket();
  await bucket.run(await bucket.pack(["one"]), { ageMs: 3 * DAY_MS, job: "old" });
  const kept = await bucket.run([]);
  const stages: string[] = [];
  const report = await collectInBucket({
    config: bucketConfig(bucket.dir.path),
    cacheDir: cache.path,
    env: {},
    olderThanMs: 2 * DAY_MS,
    dryRun: false,
    onProgress: ({ stage, done, total }) => stages.push(`${stage} ${done} ${total}`),
  });
  expect(report).toMatchObject({ removedRuns: 1, keptRecords: 1, packs: { unnamed: { count: 1 } } });
  expect(bucket.objects.filter((key) => key.includes("/run/"))).toEqual([kept]);
  expect(stages).toContain("reading records 1 undefined");
  expect(stages).toContain("listing packs 1 undefined");
  expect(stages.at(-1)).toBe("listing segments 0 undefined");
});
