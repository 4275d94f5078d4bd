import { expect, test } from "bun:test";
import { escapeName, unescapePath, unescapeVersion } from "../../src/gomod/module-path.ts";

test.each([
  "example.com/a",
  "github.com/BurntSushi/toml",
  "gopkg.in/yaml.v3",
  "example.com/a~b/v2",
  "example.com/x_y-z.w",
])("%s survives the way there and back", (path) => {
  expect(unescapePath(escapeName(path))).toBe(path);
});

test.each([
  "example.com/A",
  "example.com/!A",
  "example.com/!",
  "example.com/!1",
  "example.com//a",
  "example.com/a/",
  "/example.com/a",
  "-example.com/a",
  "example",
  "example_x.com/a",
  "example.com/.a",
  "example.com/a.",
  "example.com/..",
  "example.com/a b",
  "example.com/ä",
  "example.com/aux",
  "example.com/com1.x",
  "example.com/a~1",
  "example.com/a/v1",
  "example.com/a/v0",
  "example.com/a/v02",
  "gopkg.in/yaml",
  `example.com/${"a".repeat(256)}`,
  "!example.com/a",
  "",
])("%p is no module's path", (escaped) => {
  expect(() => unescapePath(escaped)).toThrow("invalid escaped module path");
});

test.each(["v1.0.0", "master", "v1.2.0-!pre", "feature(1)"])("%s is a version or a revision", (escaped) => {
  expect(unescapeVersion(escaped)).not.toBe("");
});

test.each(["", "..", "a/b", "v1.0.0-Pre", "a!", "nul", "a.", "a:b", "a*"])("%p is neither", (escaped) => {
  expect(() => unescapeVersion(escaped)).toThrow("invalid escaped version");
});
