import { expect, test } from "bun:test";
import { formatSplitRecord, parseSplitRecord } from "../../../src/remote/split/split-record.ts";
import { HELLO } from "../../buildcache/local-fixture.ts";

test("a record has the format of tailscale/go-cache-plugin: nanoseconds, no line end", () => {
  expect(formatSplitRecord({ outputId: HELLO, putTimeMs: 1_700_000_000_123.9 })).toBe(
    `${HELLO} 1700000000123000000`,
  );
});

test.each([0, 1, 1_700_000_000_123, 4_102_444_800_000])(
  "a written record can be read back: %p ms",
  (putTimeMs) => {
    const record = { outputId: HELLO, putTimeMs };
    expect(parseSplitRecord(formatSplitRecord(record))).toEqual(record);
  },
);

test.each([`${HELLO} 1700000000123456789\n`, ` ${HELLO}\n\t1700000000123456789 `])("reads %j", (text) => {
  expect(parseSplitRecord(text)).toEqual({ outputId: HELLO, putTimeMs: 1_700_000_000_123 });
});

test.each([
  "",
  "x",
  HELLO,
  `${HELLO} `,
  `${HELLO} 1 2`,
  `${HELLO} -1`,
  `${HELLO} 1.5`,
  `${HELLO} 1e18`,
  `${HELLO} 12345678901234567890`,
  `${HELLO.toUpperCase()} 1`,
  `${HELLO.slice(2)} 1`,
  `${HELLO}00 1`,
  "../../../../etc/passwd 1",
  "<html><body>503</body></html>",
  `${HELLO} 1${" ".repeat(300)}x`,
])("rejects %j", (text) => {
  expect(parseSplitRecord(text)).toBeUndefined();
});
