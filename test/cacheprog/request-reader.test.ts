import { describe, expect, test } from "bun:test";
import { byteByByte, type ReaderEvent, readEvents } from "./reader-events.ts";
import { actionId, closeText, getText, outputId, putText } from "./wire.ts";

const read = (text: string | Buffer) => readEvents([Buffer.from(text)]);

/** The only `put` in this file, without its body. */
const PUT = `{"ID":1,"Command":"put","ActionID":"${actionId(0).base64}","OutputID":"${outputId("hello").base64}","BodySize":5}`;
const PUT_REQUEST = {
  id: "1",
  command: "put",
  actionId: actionId(0).hex,
  outputId: outputId("hello").hex,
  bodyBytes: 5,
};
const HELLO_BODY = { body: Buffer.from("hello").toString("hex"), error: undefined };
const GET_REQUEST = { id: "2", command: "get", actionId: actionId(1).hex, outputId: "", bodyBytes: 0 };
const CLOSE_REQUEST = { id: "3", command: "close", actionId: "", outputId: "", bodyBytes: 0 };

test("reads put, get and close as go writes them", () => {
  const events: ReaderEvent[] = [PUT_REQUEST, HELLO_BODY, GET_REQUEST, CLOSE_REQUEST];
  expect(read(`${putText(1, 0, "hello")}${getText(2, 1)}${closeText(3)}`)).toEqual(events);
});

test("the bytes after an empty put are the next request", () => {
  const empty = { ...PUT_REQUEST, outputId: outputId("").hex, bodyBytes: 0 };
  expect(read(`${putText(1, 0, "")}${getText(2, 1)}`)).toEqual([empty, GET_REQUEST]);
});

test.each(["", "\n", "\n\n\n", "\r\n\r\n", " \t "])("takes %j between a request and its body", (space) => {
  expect(read(`${PUT}${space}"aGVsbG8="${space}${getText(2, 1)}`)).toEqual([
    PUT_REQUEST,
    HELLO_BODY,
    GET_REQUEST,
  ]);
});

test("empty input has no events", () => {
  expect([read(""), read(" \n\r\t")]).toEqual([[], []]);
});

test("braces, quotes and backslashes within strings don't end an object", () => {
  const close = { id: "3", command: '}"\\{', actionId: "", outputId: "", bodyBytes: 0 };
  expect(read('{"ID":3,"Command":"}\\"\\\\{","X":{"{":["}\\\\"]}}{"ID":3,"Command":"close"}')).toEqual([
    close,
    CLOSE_REQUEST,
  ]);
});

test("reads bodies of 0 to 200 bytes, whole and byte by byte", () => {
  for (let length = 0; length <= 200; length++) {
    const text = Buffer.from(`${putText(1, 0, Buffer.alloc(length, length))}${closeText(3)}`);
    const events = readEvents(byteByByte(text));
    expect(events).toEqual(read(text));
    expect(events.at(-1)).toEqual(CLOSE_REQUEST);
  }
});

test.each([65_535, 65_536, 65_537, 131_071, 131_072, 1_000_003])("reads a body of %p bytes", (length) => {
  const body = Buffer.alloc(length, "go");
  const [, event] = read(putText(1, 0, body));
  expect(event).toEqual({ body: body.toString("hex"), error: undefined });
});

test.each([
  ['"a*b="', "body is not base64"],
  ['"aGVs\nbG8"', "body is not base64"],
  ['"aGVsbG8"', "base64 body ends within a group of four"],
  ['"aG=sbG8="', "body is not base64"],
])("continues with the next request after the body %j", (body, error) => {
  const events = read(`${PUT}\n\n${body}\n${getText(2, 1)}`);
  expect(events).toEqual([PUT_REQUEST, { body: expect.any(String), error }, GET_REQUEST]);
});

describe("ends with a protocol error when", () => {
  const ERROR = "ProtocolError: GOCACHEPROG protocol: ";

  test.each([
    ["nonsense\n", 'expected a request, got "nonsense\\n"'],
    ["\ufeff{}", "expected a request, got"],
    ["\0", "expected a request, got"],
    ['[{"ID":1}]', "expected a request, got"],
    [`${getText(2, 1)}"stray"`, 'expected a request, got "\\"stray\\""'],
    [`${PUT}\n\n123\n`, 'expected a body, got "123\\n"'],
    [`${PUT}\n\n${getText(2, 1)}`, "expected a body, got"],
    ['{"ID":1,}', "not a JSON object"],
    ['{"Command":"get"}', "request without an integer ID"],
  ])("the input is %j", (text, message) => {
    expect(read(text).at(-1)).toEqual({ thrown: expect.stringContaining(`${ERROR}${message}`) });
  });

  test("an object is above 64 KiB, complete or not", () => {
    const start = '{"ID":1,"X":"';
    const event = { thrown: expect.stringContaining(`${ERROR}request above 65536 bytes`) };
    const complete = `${start}${"x".repeat(65_537 - start.length - 2)}"}`;
    expect([read(complete), read(`${start}${"x".repeat(70_000)}`)]).toEqual([[event], [event]]);
  });

  test("the input ends anywhere within a request or a body", () => {
    const text = Buffer.from(putText(1, 0, "hello"));
    for (let end = 1; end < text.length - 1; end++) {
      const where = end < PUT.length ? "request" : "body";
      const thrown = expect.stringContaining(`${ERROR}input ended in the middle of a ${where}`);
      expect(read(text.subarray(0, end)).at(-1)).toEqual({ thrown });
    }
  });
});

test("an object of 64 KiB exactly is read", () => {
  const start = '{"ID":3,"Command":"close","X":"';
  expect(read(`${start}${"x".repeat(65_536 - start.length - 2)}"}`)).toEqual([CLOSE_REQUEST]);
});

test("objects nested as deep as possible within 64 KiB do no harm", () => {
  const text = `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`;
  expect(read(text)).toEqual([{ thrown: expect.stringContaining("ProtocolError") }]);
});
