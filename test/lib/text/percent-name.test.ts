import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeName, encodeName } from "../../../src/lib/text/percent-name.ts";

/** Every code point, alone and in any order, with those that matter here more often. */
const TEXT = fc.string({
  unit: fc.oneof(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), fc.constantFrom(..."./%~ -ab")),
  maxLength: 200,
});

describe("a name", () => {
  test.each([
    ["main", "main"],
    ["feature_1.2-x", "feature_1.2-x"],
    ["", "%"],
    [".", "%2E"],
    ["..", "%2E%2E"],
    ["...", "%2E.%2E"],
    [".hidden", "%2Ehidden"],
    ["end.", "end%2E"],
    ["a..b", "a..b"],
    ["feature/x", "feature%2Fx"],
    ["../../etc", "%2E.%2F..%2Fetc"],
    ["100%", "100%25"],
    ["%2F", "%252F"],
    ["%", "%25"],
    ["a b", "a%20b"],
    ['\\ : * ? " < > |', "%5C%20%3A%20%2A%20%3F%20%22%20%3C%20%3E%20%7C"],
    ["a~b", "a%7Eb"],
    ["line\nbreak\0", "line%0Abreak%00"],
    ["😀", "%F0%9F%98%80"],
    ["größe", "gr%C3%B6%C3%9Fe"],
  ])("%j becomes %s, and back", (text, name) => {
    expect([encodeName(text), decodeName(name)]).toEqual([name, text]);
  });
});

describe("a long name", () => {
  const long = "x".repeat(300);

  test("is cut and ends with a hash of all of it", () => {
    expect(encodeName(long)).toBe(`${"x".repeat(100)}~${hash(long)}`);
  });

  test("stays as it is up to 120 characters", () => {
    expect(encodeName("x".repeat(120))).toBe("x".repeat(120));
    expect(encodeName("x".repeat(121))).toHaveLength(117);
  });

  test("is told from another that begins with the same 100 characters", () => {
    expect(encodeName(`${long}a`)).not.toBe(encodeName(`${long}b`));
    expect(encodeName(`${long}a`).slice(0, 100)).toBe(encodeName(`${long}b`).slice(0, 100));
  });

  test("is told from one that is spelt like its cut name", () => {
    const cut = encodeName(long);
    expect(encodeName(cut)).toBe(cut.replace("~", "%7E"));
  });

  test.each([98, 99, 100])("is not cut within an escape that begins at %p", (at) => {
    const name = encodeName(`${"x".repeat(at)}${"/".repeat(50)}`);
    expect(name).toMatch(/^x+(%2F)*~[0-9a-f]{16}$/);
  });

  test("stays cut when it is decoded, whatever it was cut in", () => {
    const text = "😀".repeat(80);
    expect(decodeName(encodeName(text))).toMatch(/^(😀)+\ufffd?~[0-9a-f]{16}$/u);
  });
});

test("any name can be a part of a path and of a key", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      expect(encodeName(text)).toMatch(/^(?!\.)[\w.%~-]{1,120}(?<!\.)$/);
    }),
  );
});

test("no two texts have the same name", () => {
  fc.assert(
    fc.property(TEXT, TEXT, (a, b) => {
      expect(encodeName(a) === encodeName(b)).toBe(a === b);
    }),
  );
});

test("a name that was not cut says the text again", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      const name = encodeName(text);
      if (!name.includes("~")) expect(decodeName(name)).toBe(text);
    }),
  );
});

test("what was never encoded is shown as it is", () => {
  expect(["%", "%zz", "a%2", "%e4"].map(decodeName)).toEqual(["", "%zz", "a%2", "%e4"]);
});

function hash(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 16);
}
