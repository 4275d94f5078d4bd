import { expect, test } from "bun:test";
import { parseRange } from "../../../src/modproxy/answer/byte-range.ts";

test.each([
  [undefined, "whole"],
  ["bytes=0-9", { offset: 0, length: 10 }],
  ["bytes=90-", { offset: 90, length: 10 }],
  ["bytes=90-999", { offset: 90, length: 10 }],
  ["bytes=-5", { offset: 95, length: 5 }],
  ["bytes=-500", { offset: 0, length: 100 }],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=9-0", "whole"],
  ["bytes=0-1,3-4", "whole"],
  ["bytes=-", "whole"],
  ["items=0-1", "whole"],
] as const)("%p of 100 bytes", (header, expected) => {
  expect(parseRange(header, 100)).toEqual(expected);
});
