import { expect, test } from "bun:test";
import { StoreDoubt } from "../../../src/modproxy/files/store-doubt.ts";

const KNOWN = { isKnownJob: true };
const NEW = { isKnownJob: false };

function decisions(doubt: StoreDoubt, count: number, options = NEW): string[] {
  return Array.from({ length: count }, () => doubt.decide(options));
}

test("one miss is enough for a job without a run; then its bucket is looked into behind, now and then", () => {
  const doubt = new StoreDoubt();
  expect(doubt.decide(NEW)).toBe("ask");
  doubt.told(false);
  const skips = Array(15).fill("skip");
  expect(decisions(doubt, 18)).toEqual(["probe", ...skips, "probe", "skip"]);
});

test("what another program has stored there is asked for once one look has found something", () => {
  const doubt = new StoreDoubt();
  for (const isFound of [false, true, false, false]) doubt.told(isFound);
  expect(doubt.decide(NEW)).toBe("ask");
});

test("three misses in a row are enough for a job that has had runs; a hit begins anew", () => {
  const doubt = new StoreDoubt();
  for (const isFound of [false, false, true, false, false]) doubt.told(isFound);
  expect(doubt.decide(KNOWN)).toBe("ask");
  doubt.told(false);
  expect(decisions(doubt, 2, KNOWN)).toEqual(["probe", "skip"]);
});
