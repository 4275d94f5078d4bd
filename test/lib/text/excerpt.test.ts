import { expect, test } from "bun:test";
import { excerpt } from "../../../src/lib/text/excerpt.ts";

test("an excerpt is quoted and bounded", () => {
  expect([excerpt("a\nb"), excerpt("x".repeat(61))]).toEqual(['"a\\nb"', `"${"x".repeat(60)}…"`]);
});
