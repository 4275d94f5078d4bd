import { expect, test } from "bun:test";
import { formatActionRecord, parseActionRecord } from "../../src/buildcache/action-record.ts";
import { HELLO } from "./local-fixture.ts";

test("a record has the format of tailscale/go-cache-plugin and can be read back", () => {
  const record = { outputId: HELLO, sizeBytes: 595 };
  expect(formatActionRecord(record)).toBe(`${HELLO} 595\n`);
  expect(parseActionRecord(formatActionRecord(record))).toEqual(record);
});

test.each([`  ${HELLO}\t595  `, `${HELLO}\n595`, `${HELLO} 0595\r\n`])(
  "accepts other white space: %j",
  (text) => {
    expect(parseActionRecord(text)).toEqual({ outputId: HELLO, sizeBytes: 595 });
  },
);

test.each([1, 3, 64])("takes an id of %p bytes", (length) => {
  const outputId = "ab".repeat(length);
  expect(parseActionRecord(`${outputId} 9007199254740991\n`)).toEqual({
    outputId,
    sizeBytes: Number.MAX_SAFE_INTEGER,
  });
});

test.each([
  "",
  "\n",
  HELLO,
  `${HELLO}\n`,
  `${HELLO} \n`,
  `${HELLO} 5 6\n`,
  `${HELLO}5\n`,
  `5 ${HELLO}\n`,
  `${HELLO.toUpperCase()} 5\n`,
  `${HELLO} -5\n`,
  `${HELLO} +5\n`,
  `${HELLO} 5.0\n`,
  `${HELLO} 0x5\n`,
  `${HELLO} 5e0\n`,
  `${HELLO} 9007199254740992\n`,
  `${HELLO} 99999999999999999999\n`,
  "../../../etc/passwd 5\n",
  `${HELLO.slice(0, -2)}.. 5\n`,
  `${HELLO.slice(0, -1)}g 5\n`,
  `${HELLO}\0 5\n`,
  "a 5\n",
  "abc 5\n",
  `${"ab".repeat(65)} 5\n`,
  `${HELLO},5\n`,
  `{"o":"${HELLO}","n":5}`,
])("rejects %j", (text) => {
  expect(parseActionRecord(text)).toBeUndefined();
});
