import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ACTION_FILE_BYTES, formatActionFile, parseActionFile } from "../../src/gocache/action-file.ts";
import { sha256Hex } from "../support/ids.ts";

const ACTION = sha256Hex("action");
const OUTPUT = sha256Hex("output");
const NOW_MS = 1_800_000_000_000;
const LINE = `v1 ${ACTION} ${OUTPUT}                   12  1790000000123456789\n`;

test("go's line has the size of the output and the time of the put", () => {
  expect(parseActionFile(LINE, ACTION)).toEqual({
    actionId: ACTION,
    outputId: OUTPUT,
    sizeBytes: 12,
    putTimeMs: 1_790_000_000_123,
  });
});

test("what is written is read back, and has the length that go expects", () => {
  const number = fc.nat({ max: NOW_MS });
  fc.assert(
    fc.property(number, fc.nat({ max: 2 ** 48 }), (putTimeMs, sizeBytes) => {
      const entry = { actionId: ACTION, outputId: OUTPUT, sizeBytes, putTimeMs };
      const text = formatActionFile(entry, NOW_MS);
      expect(text).toHaveLength(ACTION_FILE_BYTES);
      expect(parseActionFile(text, ACTION)).toEqual(entry);
    }),
  );
});

test("a time that go can't have is brought to one that it can", () => {
  const timeOf = (putTimeMs: number) =>
    parseActionFile(
      formatActionFile({ actionId: ACTION, outputId: OUTPUT, sizeBytes: 0, putTimeMs }, NOW_MS),
      ACTION,
    )?.putTimeMs;
  expect([2 ** 48, NOW_MS + 1, 1.9, -5].map(timeOf)).toEqual([NOW_MS, NOW_MS, 1, 0]);
});

describe("refused:", () => {
  test.each<[string, string]>([
    ["nothing", ""],
    ["half a line", LINE.slice(0, 100)],
    ["no line end", LINE.slice(0, -1)],
    ["more than a line", `${LINE}x`],
    ["two lines", LINE + LINE],
    ["another version", LINE.replace("v1", "v2")],
    ["another action", LINE.replace(ACTION, OUTPUT)],
    ["capital digits", LINE.replace(OUTPUT, OUTPUT.toUpperCase())],
    ["an output that is no id", LINE.replace(OUTPUT, `../../${OUTPUT.slice(6)}`)],
    ["no size", LINE.replace("12 ", "   ")],
    ["a size with a blank in it", LINE.replace(" 12 ", "1 2 ")],
    ["a negative size", LINE.replace(" 12 ", "-12 ")],
    ["a size beyond all numbers", LINE.replace(/ {19}12/, "  999999999999999999")],
    ["a time that is no number", LINE.replace("1790000000123456789", "0x90000000123456789")],
  ])("%s", (_, text) => {
    expect(text).not.toBe(LINE);
    expect(parseActionFile(text, ACTION)).toBeUndefined();
  });
});
