import { expect, test } from "bun:test";
import { describeError } from "../../../src/lib/text/describe-error.ts";

function chain(...messages: string[]): Error {
  const [outer = "", ...inner] = messages;
  return inner.length === 0 ? new Error(outer) : new Error(outer, { cause: chain(...inner) });
}

/** What the parser throws for this text. */
function parseFailure(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

test.each<[string, unknown]>([
  ["broken", new Error("broken")],
  ["get action: S3 503 SlowDown: socket closed", chain("get action", "S3 503 SlowDown", "socket closed")],
  ["open /x: EACCES", chain("open /x: EACCES", "EACCES")],
  ["inner", chain("", "inner")],
  ["a: b: c", chain("a", "b", "a", "c")],
  ["outer: a text", new Error("outer", { cause: "a text" })],
  ["outer", new Error("outer", { cause: null })],
  ["a text", "a text"],
  ["42", 42],
  ["get: http://***@host", new Error("get", { cause: new Error("http://user:password@host") })],
  ["read settings: invalid JSON", new Error("read settings", { cause: parseFailure("hunter2") })],
  ["", undefined],
  ["", null],
  [
    "The socket connection was closed unexpectedly.",
    new Error(
      "The socket connection was closed unexpectedly. For more information, pass `verbose: true` in the second argument to fetch()",
    ),
  ],
  ["Unable to connect.", new Error("Unable to connect. Is the computer able to access the url?")],
])("makes %j of an error and its causes", (text, error) => {
  expect(describeError(error)).toBe(text);
});

test("a chain of causes is cut off after eight", () => {
  expect(describeError(chain(..."abcdefghij"))).toBe("a: b: c: d: e: f: g: h");
});

test("causes that go in a circle end", () => {
  const outer = new Error("outer", { cause: new Error("inner") });
  (outer.cause as Error).cause = outer;
  expect(describeError(outer)).toBe("outer: inner");
});
