import { expect, test } from "bun:test";
import { peakMemoryBytes } from "../../src/lib/peak-memory.ts";

const MEBIBYTE = 1 << 20;

test("is at least what is in use, and grows with it", () => {
  const before = peakMemoryBytes();
  expect(before).toBeGreaterThanOrEqual(process.memoryUsage.rss() - MEBIBYTE);
  const held = Buffer.alloc(process.memoryUsage.rss() + 16 * MEBIBYTE, 1);
  expect(peakMemoryBytes()).toBeGreaterThanOrEqual(before);
  expect(peakMemoryBytes()).toBeGreaterThan(held.length);
});
