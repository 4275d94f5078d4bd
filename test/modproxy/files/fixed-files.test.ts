import { expect, test } from "bun:test";
import { RemoteOdds } from "../../../src/modproxy/files/fixed-files.ts";

const KNOWN = { isKnownJob: true };
const NEW = { isKnownJob: false };

function decisions(odds: RemoteOdds, count: number, options = NEW): string[] {
  return Array.from({ length: count }, () => odds.decide(options));
}

test("a job without earlier runs skips the bucket after one miss, except for a probe now and then", () => {
  const odds = new RemoteOdds();
  expect(odds.decide(NEW)).toBe("ask");
  odds.record({ isHit: false });
  const skips = Array(15).fill("skip");
  expect(decisions(odds, 18)).toEqual(["probe", ...skips, "probe", "skip"]);
});

test("a hit makes a job without earlier runs as patient as other jobs", () => {
  const odds = new RemoteOdds();
  for (const isHit of [false, true, false, false]) odds.record({ isHit });
  expect(odds.decide(NEW)).toBe("ask");
});

test("a job with earlier runs skips the bucket after three misses in a row", () => {
  const odds = new RemoteOdds();
  for (const isHit of [false, false, true, false, false]) odds.record({ isHit });
  expect(odds.decide(KNOWN)).toBe("ask");
  odds.record({ isHit: false });
  expect(decisions(odds, 2, KNOWN)).toEqual(["probe", "skip"]);
});
