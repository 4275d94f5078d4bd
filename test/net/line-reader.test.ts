import { expect, test } from "bun:test";
import { LineReader } from "../../src/net/line-reader.ts";

test("gives whole lines, however the bytes come", () => {
  const bytes = Buffer.from('one\n\n["\u00e9\u{1f600}"]\nrest');
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new LineReader(100);
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...reader.feed(bytes.subarray(at, at + size)));
    expect(lines).toEqual(["one", "", '["\u00e9\u{1f600}"]']);
    expect(reader.feed(Buffer.from("\n"))).toEqual(["rest"]);
  }
});

test("keeps nothing of a chunk that is reused", () => {
  const reader = new LineReader(100);
  const chunk = Buffer.from("half");
  reader.feed(chunk);
  chunk.fill(0);
  expect(reader.feed(Buffer.from(" a line\n"))).toEqual(["half a line"]);
});

test("refuses a line that has no end", () => {
  const reader = new LineReader(10);
  expect(reader.feed(Buffer.from("0123456789"))).toEqual([]);
  expect(() => reader.feed(Buffer.from("0"))).toThrow("a line of more than 10 bytes");
});
