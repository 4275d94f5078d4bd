import { expect, test } from "bun:test";
import { actionKey, outputKey } from "../../../src/remote/split/keys.ts";

test("keys without a prefix", () => {
  expect([actionKey("", "abcd"), outputKey("", "abcd")]).toEqual(["action/ab/abcd", "output/ab/abcd"]);
});

test.each([
  ["ci", "ci/"],
  ["ci/", "ci/"],
  ["ci//main//", "ci/main/"],
  ["./ci", "ci/"],
  [".", ""],
  ["ci/../main", "main/"],
  ["ci/..", ""],
  ["../ci", "../ci/"],
  ["/ci", "/ci/"],
  ["/", "/"],
  ["/../ci", "/ci/"],
  ["a b/ü", "a b/ü/"],
])("the prefix %j is joined as Go's path.Join does", (prefix, start) => {
  expect(actionKey(prefix, "abcd")).toBe(`${start}action/ab/abcd`);
});
