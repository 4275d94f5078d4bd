import { expect, test } from "bun:test";
import { transferLimitMs, uploadLimitMs } from "../../src/store/transfer-limits.ts";

test.each([
  [0, 1_000],
  [2_000_000, 2_000],
  [100_000_000, 51_000],
])("a body of %p bytes may take %p ms", (bytes, ms) => {
  expect(transferLimitMs(bytes)).toBe(ms);
});

test.each([
  [0, 5_000],
  [6_000_000, 5_000],
  [100_000_000, 75_000],
])("uploads of %p bytes may take %p ms, with a timeout of five seconds for answers", (bytes, ms) => {
  expect(uploadLimitMs(bytes, 5_000)).toBe(ms);
});
