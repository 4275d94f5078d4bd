import { expect, test } from "bun:test";
import {
  type Guard,
  isBoolean,
  isCount,
  isNumber,
  isObject,
  isSha256,
  isText,
  listOf,
  oneOf,
  optional,
  shape,
  tableOf,
} from "../../src/lib/shape.ts";

const VALUES = [
  undefined,
  null,
  true,
  "",
  "a",
  "0".repeat(64),
  0,
  -0,
  -1,
  1.5,
  2 ** 53,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  [],
  ["a"],
  {},
  { a: 1 },
];

test.each<[string, Guard<unknown>, unknown[]]>([
  ["isText", isText, ["", "a", "0".repeat(64)]],
  ["isBoolean", isBoolean, [true]],
  ["isNumber", isNumber, [0, -0, -1, 1.5, 2 ** 53]],
  ["isCount", isCount, [0]],
  ["isSha256", isSha256, ["0".repeat(64)]],
  ["isObject", isObject, [{}, { a: 1 }]],
  ["optional", optional(isBoolean), [undefined, true]],
  ["oneOf", oneOf("a", "b"), ["a"]],
  ["listOf", listOf(isText), [[], ["a"]]],
  ["tableOf", tableOf(isNumber), [{}, { a: 1 }]],
  ["shape", shape({ a: isNumber }), [{ a: 1 }]],
  ["shape with an optional field", shape({ a: optional(isText) }), [{}]],
])("%s accepts what it names and nothing else", (_, guard, accepted) => {
  expect(VALUES.filter((value: unknown) => guard(value)) as unknown[]).toEqual(accepted);
});

test("a shape allows further fields, and looks at all that it names", () => {
  const guard = shape({ a: isText, b: shape({ c: isCount }) });
  expect(guard({ a: "", b: { c: 1 }, more: 1 })).toBe(true);
  expect([{ a: "", b: { c: "1" } }, { a: "" }, { b: { c: 1 } }].map((value) => guard(value))).toEqual([
    false,
    false,
    false,
  ]);
});
