import { describe, expect, test } from "bun:test";
import { InvalidFileError } from "../../../src/gomod/invalid-file-error.ts";
import { checkBody } from "../../../src/modproxy/files/check-body.ts";

const NAMED = { name: "", module: "example.com/a", version: "v1.0.0" } as const;
const check = (kind: "info" | "mod" | "list" | "latest", text: string | Uint8Array) =>
  checkBody({ ...NAMED, kind }, Buffer.from(text as string), undefined).toString();

describe("refuses with a short message", () => {
  test.each([
    ["info", "{"],
    ["info", "null"],
    ["info", '{"Version":"v1.0.1"}'],
    ["latest", '{"Version":"main"}'],
    ["latest", `{"Version":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["latest", `{"Version":"${"x".repeat(1 << 20)}"}`],
    ["mod", "// nothing"],
    ["mod", "\n".repeat(16 << 20)],
    ["mod", Buffer.from([0x6d, 0xff])],
    ["list", "v1.0.0\n".repeat(1 << 18)],
  ] as const)("a bad %s", (kind, text) => {
    let thrown: unknown;
    try {
      check(kind, text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidFileError);
    expect(String(thrown).length).toBeLessThan(200);
  });
});

test("accepts what go writes, and a module line anywhere in a go.mod", () => {
  expect(check("info", '{"Version":"v1.0.0","Time":"2020-01-01T00:00:00Z"}')).toContain("v1.0.0");
  expect(check("mod", "// comment\n\n\t module example.com/a\n")).toContain("module");
});

test("sorts a list and drops invalid versions", () => {
  expect(check("list", "v1.10.0\nnonsense\nv1.9.0\nv1.9.0\nv0.0.0-20170217094210-abcdefabcdef\n")).toBe(
    "v1.9.0\nv1.10.0",
  );
});
