import { expect, test } from "bun:test";
import { parseByteSize } from "../../../src/lib/text/byte-size.ts";

test.each([
  "",
  "GiB",
  "-1",
  "+1",
  "1e3",
  "1,5GiB",
  "20G",
  "20 GiB x",
  " 20GiB",
  "0x10",
  "1.",
  "1.5",
  "1.5B",
  ".5MB",
  "9007199254740992",
  "9000TiB",
])("refuses %p", (text) => {
  expect(parseByteSize(text)).toBeUndefined();
});

test.each([
  ["0", 0],
  ["1", 1],
  ["1073741824", 1_073_741_824],
  ["7B", 7],
  ["1kB", 1000],
  ["500MB", 500_000_000],
  ["2gb", 2_000_000_000],
  ["1TB", 1_000_000_000_000],
  ["1KiB", 1024],
  ["1.5MiB", 1_572_864],
  ["20 GiB", 21_474_836_480],
  ["1tib", 1_099_511_627_776],
] as const)("reads %p as %p bytes", (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});
