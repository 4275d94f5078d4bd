import { expect, test } from "bun:test";
import { Upkeep } from "../../../src/app/serve/upkeep.ts";
import { HOUR_MS, writeAged } from "../../buildcache/local-fixture.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const LIMITS = { expiryMs: undefined, maxSizeBytes: 1 };
const CHECK_MS = 2;
const ENOUGH_CHECKS_MS = 20 * CHECK_MS;

/** An upkeep that looks every two milliseconds, and what it has pruned. A pruning makes its own note, as the real one. */
function openUpkeep(dir: TempDir, limits: ConstructorParameters<typeof Upkeep>[1] = LIMITS) {
  const pruned: string[] = [];
  const prune = async (root: string) => {
    pruned.push(root);
    pruneNoted(dir, 0);
  };
  const upkeep = new Upkeep(dir.path, limits, prune, CHECK_MS);
  return { upkeep, pruned, [Symbol.dispose]: () => upkeep.stop() };
}

function pruneNoted(dir: TempDir, hoursAgo: number): void {
  writeAged(dir.join("state", "prune.json"), '{"keptBytes":0}\n', hoursAgo * HOUR_MS);
}

test("prunes when the last time was more than an hour ago, and again when another hour has passed", async () => {
  using dir = tempDir("upkeep");
  pruneNoted(dir, 1.1);
  using opened = openUpkeep(dir);
  while (opened.pruned.length < 1) await Bun.sleep(1);
  await Bun.sleep(ENOUGH_CHECKS_MS);
  expect(opened.pruned).toEqual([dir.path]);
  pruneNoted(dir, 1.1);
  while (opened.pruned.length < 2) await Bun.sleep(1);
  expect(opened.pruned).toEqual([dir.path, dir.path]);
});

test("prunes nothing while the hour is not over, and never without a limit", async () => {
  using young = tempDir("upkeep");
  using free = tempDir("upkeep");
  pruneNoted(young, 0.9);
  pruneNoted(free, 1.1);
  using one = openUpkeep(young);
  using other = openUpkeep(free, { expiryMs: undefined, maxSizeBytes: 0 });
  await Bun.sleep(ENOUGH_CHECKS_MS);
  expect([one.pruned, other.pruned]).toEqual([[], []]);
});

test("one pruning at a time, and a failed one is tried again", async () => {
  using dir = tempDir("upkeep");
  const failing = Promise.withResolvers<void>();
  let calls = 0;
  const upkeep = new Upkeep(
    dir.path,
    LIMITS,
    () => (calls++ === 0 ? failing.promise : Promise.resolve()),
    CHECK_MS,
  );
  await Bun.sleep(ENOUGH_CHECKS_MS);
  expect(calls).toBe(1);
  failing.reject(new Error("the disk is gone"));
  while (calls < 2) await Bun.sleep(1);
  upkeep.stop();
  expect(calls).toBe(2);
});
