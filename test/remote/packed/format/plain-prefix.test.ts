import { expect, test } from "bun:test";
import { isPlainPrefix } from "../../../../src/remote/packed/format/keys.ts";
import { parseRunRecord } from "../../../../src/remote/packed/format/run-record.ts";
import { recordOfSegments, refOf, segmentOf } from "../made-record.ts";
import { entryOf } from "../stocked-bucket.ts";

const PACK = { id: "0a".repeat(32), sizeBytes: 9 };
const ENTRY = {
  ...entryOf("hello"),
  place: { pack: { ...PACK, prefix: "../../etc" }, offset: 0, length: 9 },
};

test.each(["..", "../../etc", "a/../b", "./a", "a/."])("the prefix %s leads out of the bucket", (prefix) => {
  expect(isPlainPrefix(prefix)).toBe(false);
});

test.each(["", "ci", "team/a..b", "…"])("the prefix %j stays in the bucket", (prefix) => {
  expect(isPlainPrefix(prefix)).toBe(true);
});

test("neither a record nor a segment with such a prefix is used", async () => {
  const { segment } = segmentOf([entryOf("")]);
  const object = await recordOfSegments([refOf(segment, { prefix: "../../etc", isInline: false })]);
  expect(() => parseRunRecord(object)).toThrow("bad segment");
  expect(() => segmentOf([ENTRY])).toThrow("without prefixes");
});
