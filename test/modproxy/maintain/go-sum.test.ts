import { expect, test } from "bun:test";
import { parseGoSum } from "../../../src/modproxy/maintain/go-sum.ts";

test("reads zips and go.mod files", () => {
  expect(parseGoSum("example.com/Big v1.0.0 h1:a\nexample.com/Big v1.0.0/go.mod h1:b\n\n")).toEqual([
    { name: "example.com/!big/@v/v1.0.0.zip", hash: "h1:a" },
    { name: "example.com/!big/@v/v1.0.0.mod", hash: "h1:b" },
  ]);
});

test("reports the number of a bad line", () => {
  expect(() => parseGoSum("example.com/a v1.0.0 h1:a\nnonsense\n")).toThrow("line 2 is not a line of go.sum");
});
