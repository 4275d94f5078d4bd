import { expect, test } from "bun:test";
import { transferLimitMs } from "../../src/lib/transfer-limits.ts";

test.each([
  [0, 1_000],
  [2_000_000, 2_000],
  [100_000_000, 51_000],
])("a body of %p bytes may take %p ms", (bytes, ms) => {
  expect(transferLimitMs(bytes)).toBe(ms);
});
