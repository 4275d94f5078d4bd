import { describe, expect, test } from "bun:test";
import {
  type CacheRecord,
  formatRecord,
  parseRecord,
  type ResponseRecord,
} from "../../../src/revproxy/storage/record.ts";
import { sha256Hex } from "../../support/ids.ts";

const BODY = Buffer.from("body\nwith lines\n");

const RESPONSE: ResponseRecord = {
  kind: "response",
  url: "https://example.com/a",
  variant: "",
  status: 200,
  headers: [
    ["ETag", '"x"'],
    ["X-A", "\u00fc"],
  ],
  requestedMs: 1,
  receivedMs: 2,
  body: { sha256: sha256Hex(BODY), sizeBytes: BODY.length, isInline: true },
};

describe("a record", () => {
  test("with a wrong byte anywhere is ignored", () => {
    const good = formatRecord(RESPONSE, BODY);
    for (let at = 0; at < good.length; at++) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(parseRecord(bad)).toBeUndefined();
    }
    for (let length = 0; length < good.length; length++)
      expect(parseRecord(good.subarray(0, length))).toBeUndefined();
  });

  test("with values that are never stored is ignored", () => {
    const bad: unknown[] = [
      { ...RESPONSE, status: 99 },
      { ...RESPONSE, headers: [["X-A", "b\r\nSet-Cookie: c"]] },
      { ...RESPONSE, headers: [["X A", "b"]] },
      { ...RESPONSE, headers: [["X-A"]] },
      { ...RESPONSE, headers: "X-A: b" },
      { ...RESPONSE, url: 1 },
      { ...RESPONSE, body: { ...RESPONSE.body, sha256: "0" } },
      { ...RESPONSE, body: { ...RESPONSE.body, sizeBytes: -1 } },
      { ...RESPONSE, requestedMs: "now" },
      { ...RESPONSE, kind: "other" },
      { kind: "vary", url: "u", names: "a", generation: "g" },
      null,
    ];
    for (const record of bad) expect(parseRecord(formatRecord(record as CacheRecord, BODY))).toBeUndefined();
  });

  test("is read as it was written, with its body", () => {
    const found = parseRecord(formatRecord(RESPONSE, BODY));
    expect(found?.record).toEqual(RESPONSE);
    expect(Buffer.from(found?.inline ?? [])).toEqual(BODY);
    const marker: CacheRecord = { kind: "vary", url: "u", names: ["accept-encoding"], generation: "g" };
    expect(parseRecord(formatRecord(marker))?.record).toEqual(marker);
  });

  test("loses hop-by-hop fields and cookies", () => {
    const headers: [string, string][] = [
      ["Connection", "X-B"],
      ["X-B", "1"],
      ["Transfer-Encoding", "chunked"],
      ["Set-Cookie", "a=b"],
      ["X-C", "2"],
    ];
    const found = parseRecord(formatRecord({ ...RESPONSE, headers }, BODY))?.record;
    expect(found).toMatchObject({ headers: [["X-C", "2"]] });
  });
});
