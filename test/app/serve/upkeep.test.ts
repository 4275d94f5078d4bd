import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { Upkeep } from "../../../src/app/serve/upkeep.ts";
import { HOUR_MS, writeAged } from "../../buildcache/local-fixture.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const LIMITS = { expiryMs: undefined, maxSizeBytes: 1 };
const MINUTE_MS = 60_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** An upkeep and what it has pruned. A pruning makes its own note, as the real one. */
function openUpkeep(dir: TempDir, limits: ConstructorParameters<typeof Upkeep>[1] = LIMITS) {
  const pruned: string[] = [];
  const prune = async (root: string) => {
    pruned.push(root);
    notePruning(dir);
  };
  const upkeep = new Upkeep(dir.path, limits, prune);
  return { pruned, [Symbol.dispose]: () => upkeep.stop() };
}

function notePruning(dir: TempDir): void {
  writeAged(dir.join("state", "prune.json"), '{"keptBytes":0}\n');
}

/** Lets minutes pass, one by one. */
async function pass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    jest.advanceTimersByTime(MINUTE_MS);
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }
}

test("prunes when the last time was more than an hour ago, and again when another hour has passed", async () => {
  using dir = tempDir("upkeep");
  writeAged(dir.join("state", "prune.json"), "{}\n", 1.1 * HOUR_MS);
  using opened = openUpkeep(dir);
  await pass(55);
  expect(opened.pruned).toEqual([dir.path]);
  await pass(10);
  expect(opened.pruned).toEqual([dir.path, dir.path]);
});

test("prunes nothing while the hour is not over, and never without a limit", async () => {
  using one = tempDir("upkeep");
  using other = tempDir("upkeep");
  notePruning(one);
  using limited = openUpkeep(one);
  using unlimited = openUpkeep(other, { expiryMs: undefined, maxSizeBytes: 0 });
  await pass(59);
  expect([limited.pruned, unlimited.pruned]).toEqual([[], []]);
});

test("one pruning at a time, and a failed one is tried again", async () => {
  using dir = tempDir("upkeep");
  const failing = Promise.withResolvers<void>();
  let calls = 0;
  const upkeep = new Upkeep(dir.path, LIMITS, () => (calls++ === 0 ? failing.promise : Promise.resolve()));
  await pass(10);
  expect(calls).toBe(1);
  failing.reject(new Error("the disk is gone"));
  await pass(2);
  upkeep.stop();
  expect(calls).toBe(2);
});
