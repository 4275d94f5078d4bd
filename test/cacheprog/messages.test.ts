import { expect, test } from "bun:test";
import {
  formatClosed,
  formatError,
  formatHit,
  formatMiss,
  parseRequest,
} from "../../src/cacheprog/messages.ts";
import { actionId, outputId } from "./wire.ts";

const A = actionId(0xb8);
const O = outputId("hello");

test("parses a put of Go 1.24 and later", () => {
  const text = `{"ID":126,"Command":"put","ActionID":"${A.base64}","OutputID":"${O.base64}","BodySize":5}`;
  const request = { id: "126", command: "put", actionId: A.hex, outputId: O.hex, bodyBytes: 5 };
  expect(parseRequest(text)).toEqual(request);
});

test("parses a request with any order of keys, white space and unknown keys", () => {
  const text = `{ "BodySize" : 5,\r\n"X":[{"ID":9}], "OutputID": "${O.base64}", "Command":"put",\t"ID":1, "ActionID":"${A.base64}" }`;
  const request = { id: "1", command: "put", actionId: A.hex, outputId: O.hex, bodyBytes: 5 };
  expect(parseRequest(text)).toEqual(request);
});

test.each([
  [`"ObjectID":"${O.base64}"`, O.hex],
  [`"OutputID":null,"ObjectID":"${O.base64}"`, O.hex],
  [`"OutputID":"${O.base64}","ObjectID":"${A.base64}"`, O.hex],
])("accepts the older name ObjectID in place of OutputID: %s", (fields, id) => {
  expect(parseRequest(`{"ID":1,"Command":"put",${fields}}`).outputId).toBe(id);
});

test.each(["0", "-7", "9007199254740991", "9007199254740993", "9223372036854775807", "-9223372036854775808"])(
  "keeps every digit of the id %s",
  (id) => {
    expect(parseRequest(`{"ID":${id},"Command":"close"}`).id).toBe(id);
  },
);

test("reads a large id from the object itself, not from a nested one", () => {
  expect(parseRequest('{"X":{"ID":5},"S":"\\"ID\\":6","ID":9007199254740993}').id).toBe("9007199254740993");
});

test.each(["1.5", '"1"', "null", "true", "[1]", "{}", "1e300"])("refuses the id %s", (id) => {
  expect(() => parseRequest(`{"ID":${id},"Command":"close"}`)).toThrow("request without an integer ID");
});

test("rejects a request without an id", () => {
  expect(() => parseRequest('{"Command":"close"}')).toThrow("request without an integer ID");
});

test.each(["-1", "1.5", '"5"', "true", "[]", "1e300"])("refuses the body size %s", (size) => {
  expect(() => parseRequest(`{"ID":1,"BodySize":${size}}`)).toThrow("BodySize is not a size");
});

test.each(["{", '{"ID":1,}', "{'ID':1}", '{"ID":01}', '{"ID":1 "Command":"get"}'])("refuses %s", (text) => {
  expect(() => parseRequest(text)).toThrow("GOCACHEPROG protocol: not a JSON object");
});

test.each([
  ["a number", "5"],
  ["nothing", "null"],
  ["an empty text", '""'],
  ["characters beside base64", `"a*b="`],
  ["the URL alphabet", `"${"_".repeat(43)}="`],
  ["no padding", `"${A.base64.slice(0, -1)}"`],
  ["more than 64 bytes", `"${Buffer.alloc(65, 1).toString("base64")}"`],
])("makes an empty id of %s", (_, value) => {
  expect(parseRequest(`{"ID":1,"Command":"get","ActionID":${value}}`).actionId).toBe("");
});

test("accepts ids of 1 and of 64 bytes", () => {
  const ids = [1, 64].map((length) => Buffer.alloc(length, 0xab));
  const parsed = ids.map((id) => parseRequest(`{"ID":1,"ActionID":"${id.toString("base64")}"}`).actionId);
  expect(parsed).toEqual(ids.map((id) => id.toString("hex")));
});

test.each(["5", "null", '["get"]', "{}"])("makes an empty command of %s", (command) => {
  expect(parseRequest(`{"ID":1,"Command":${command}}`).command).toBe("");
});

test("writes a hit with the id in base64, the time in RFC 3339 and an escaped path", () => {
  const hit = { outputId: O.hex, sizeBytes: 5, putTimeMs: 1_700_000_000_123.75, path: 'C:\\a "b"\n' };
  expect(formatHit("7", hit)).toBe(
    `{"ID":7,"OutputID":"${O.base64}","Size":5,"Time":"2023-11-14T22:13:20.123Z","DiskPath":"C:\\\\a \\"b\\"\\n"}\n`,
  );
});

test.each([-1e15, -1, 3e14, 1e300])("writes a year of four digits whatever the time: %p", (putTimeMs) => {
  const hit = JSON.parse(formatHit("1", { outputId: O.hex, sizeBytes: 5, putTimeMs, path: "/x" }));
  expect(hit.Time).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test("writes each other message as one line", () => {
  const lines = [formatMiss("1"), formatError("2", 'no "disk"\n'), formatClosed("9007199254740993")];
  expect(lines).toEqual([
    '{"ID":1,"Miss":true}\n',
    '{"ID":2,"Err":"no \\"disk\\"\\n"}\n',
    '{"ID":9007199254740993}\n',
  ]);
});
