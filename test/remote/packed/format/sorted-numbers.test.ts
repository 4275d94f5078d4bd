import { describe, expect, test } from "bun:test";
import { SortedNumbers } from "../../../../src/remote/packed/format/sorted-numbers.ts";

/** The column of these numbers, and how many bytes of it were read. */
function columnOf(numbers: readonly number[]) {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [row, number] of numbers.entries()) bytes.writeUInt32LE(number, 4 * row);
  const read = { bytes: 0 };
  const column = new SortedNumbers(numbers.length, (offset, length) => {
    read.bytes += length;
    return bytes.subarray(offset, offset + length);
  });
  return { column, read };
}

/** As spread as the hashes of a segment. */
const EVEN = Array.from({ length: 32_768 }, (_, row) => row * 131_072 + ((row * 7_919) % 131_072));

describe("a search", () => {
  test("finds each number, and the place of one that is not there", () => {
    for (const row of [0, 1, 255, 256, 257, 20_000, 32_511, 32_512, 32_766, 32_767]) {
      expect(columnOf(EVEN).column.rangeOf(EVEN[row] as number)).toEqual({ from: row, to: row + 1 });
      expect(columnOf(EVEN).column.rangeOf((EVEN[row] as number) + 1)).toEqual({
        from: row + 1,
        to: row + 1,
      });
    }
  });

  test("finds all rows of a number", () => {
    const numbers = EVEN.with(5_001, EVEN[5_000] as number).with(5_002, EVEN[5_000] as number);
    expect(columnOf(numbers).column.rangeOf(EVEN[5_000] as number)).toEqual({ from: 5_000, to: 5_003 });
  });

  test("reads a few kilobytes", () => {
    const { column, read } = columnOf(EVEN);
    column.rangeOf(EVEN[12_345] as number);
    expect(read.bytes).toBe(2_048);
  });

  test("reads the whole column once it is repeated, and nothing after that", () => {
    const { column, read } = columnOf(EVEN);
    for (let n = 0; n < 100; n++)
      expect(column.rangeOf(EVEN[300 * n] as number)).toEqual({ from: 300 * n, to: 300 * n + 1 });
    expect(read.bytes).toBe(8 * 2_048 + 4 * EVEN.length);
  });

  test.each([
    ["all are small", Array.from({ length: 2_000 }, (_, row) => row)],
    ["all are large", Array.from({ length: 2_000 }, (_, row) => 2 ** 32 - 2_000 + row)],
    ["all are one", Array(2_000).fill(2 ** 31)],
    ["there are few", [1, 2, 3]],
    ["there are none", []],
  ])("is right where numbers are not spread: %s", (_, numbers) => {
    const expected = (number: number) => {
      const from = numbers.filter((each) => each < number).length;
      return { from, to: from + numbers.filter((each) => each === number).length };
    };
    for (const number of [0, 1, 999, 1_999, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1_000, 2 ** 32 - 1])
      expect(columnOf(numbers).column.rangeOf(number)).toEqual(expected(number));
  });
});

test("single rows are read alone until the column is there", () => {
  const { column, read } = columnOf(EVEN);
  expect([column.at(7), read.bytes]).toEqual([EVEN[7] as number, 4]);
  column.all();
  expect([column.at(7), read.bytes]).toEqual([EVEN[7] as number, 4 + 4 * EVEN.length]);
});

test("what the reader throws is thrown, and a later search tries again", () => {
  let isBroken = true;
  const column = new SortedNumbers(4, () => {
    if (isBroken) throw new Error("gone");
    return Buffer.alloc(16);
  });
  expect(() => column.rangeOf(0)).toThrow("gone");
  isBroken = false;
  expect(column.rangeOf(0)).toEqual({ from: 0, to: 4 });
});
