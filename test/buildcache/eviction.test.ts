import { expect, test } from "bun:test";
import { BytesByUse, Eviction, KEEP_MS } from "../../src/buildcache/eviction.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Six hours earlier is the middle of a ten-minute step. */
const NOW_MS = Date.UTC(2026, 0, 2, 12, 5);

function used(...agesMs: number[]): BytesByUse {
  const use = new BytesByUse();
  for (const ageMs of agesMs) use.add(NOW_MS - ageMs, 1000);
  return use;
}

test("a file that was used within six hours stays, however short the expiry", () => {
  const eviction = new Eviction(
    used(2 * HOUR_MS, 7 * HOUR_MS),
    { expiryMs: HOUR_MS, maxSizeBytes: 0 },
    NOW_MS,
  );
  const wants = (ageMs: number) => eviction.wants({ usedMs: NOW_MS - ageMs });
  expect([wants(2 * HOUR_MS), wants(KEEP_MS), wants(KEEP_MS + 1)]).toEqual([false, false, true]);
});

test("a file that was used within six hours stays, however small the size limit", () => {
  const [before, after] = [KEEP_MS + MINUTE_MS, KEEP_MS - MINUTE_MS];
  const eviction = new Eviction(used(before, after), { expiryMs: undefined, maxSizeBytes: 1 }, NOW_MS);
  const wants = (ageMs: number) => eviction.wants({ usedMs: NOW_MS - ageMs });
  expect([wants(before), wants(after), wants(0)]).toEqual([true, false, false]);
});
