import { expect, test } from "bun:test";
import { matchesPatterns } from "../../src/modproxy/policy.ts";

test.each([
  ["", "example.com/a", false],
  ["example.com", "example.com/a", true],
  ["example.com/a/b", "example.com/a", false],
  ["*.corp.example", "git.corp.example/x/y", true],
  ["*.corp.example", "corp.example/x", false],
  ["example.com/*", "example.com", false],
  ["example.com/*/c", "example.com/b/c/d", true],
  ["x.test, example.com/", "example.com/a", true],
  ["example.com/[a-c]", "example.com/b", true],
  ["example.com/[^a-c]", "example.com/b", false],
  ["example.com/?", "example.com/ab", false],
  ["example.com/\\*", "example.com/a", false],
  ["example.com/[", "example.com/[", false],
  ["examplexcom", "example.com", false],
])("%p with %s: %p", (patterns, path, isMatch) => {
  expect(matchesPatterns(patterns, path)).toBe(isMatch);
});
