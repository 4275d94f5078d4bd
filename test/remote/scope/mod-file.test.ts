import { expect, test } from "bun:test";
import { directiveValues } from "../../../src/remote/scope/mod-file.ts";

test.each<[string, string[]]>([
  ["module example.com/m\n", ["example.com/m"]],
  ["module example.com/m", ["example.com/m"]],
  ["\t module\texample.com/m \r\n\r\ngo 1.26\r\n", ["example.com/m"]],
  ["// module wrong\nmodule right // module wrong\n", ["right"]],
  ["module right//comment\n", ["right"]],
  ['module "example.com/m" // comment\n', ["example.com/m"]],
  ['module "with//slashes and space"', ["with//slashes and space"]],
  ["module `raw`\n", ["raw"]],
  ["// Deprecated: gone\nmodule (\n\t// comment\n\texample.com/m\n)\n", ["example.com/m"]],
  ["module(\nexample.com/m\n)", ["example.com/m"]],
  ["require (\n\tmodule v1.0.0\n)\nmodule right\n", ["right"]],
  ["module first\nmodule second\n", ["first", "second"]],
  ['module "never closed', ["never closed"]],
  ["", []],
  ["module", []],
  ["module // example.com/m", []],
  ["modules example.com/m", []],
  ["example.com/m module", []],
  ["\0\0\0", []],
])("%j names %p", (text, values) => {
  expect([...directiveValues(text, "module")]).toEqual(values);
});

test("reads the modules of a workspace", () => {
  const text =
    'go 1.26\n\nuse ./a\nuse (\n\t./b // comment\n\n\t"./with space"\n)\nreplace x => ./y\nuse ..\n';
  expect([...directiveValues(text, "use")]).toEqual(["./a", "./b", "./with space", ".."]);
});

// Quadratic time for a quarter of a million characters would never finish.
test.each(['"', "`", '\\"', '"`', "(", ")", "/", "//", " ", "a"])(
  "%j repeated is not a directive",
  (part) => {
    expect([...directiveValues(`module ${part.repeat(250_000)}`, "use")]).toEqual([]);
  },
);
