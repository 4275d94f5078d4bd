import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { isTestResult } from "../../src/buildcache/test-results.ts";
import { tempDir } from "../support/temp-dir.ts";

const dir = tempDir("test-results");
afterAll(() => dir[Symbol.dispose]());

function outputOf(text: string) {
  const path = dir.join("output");
  writeFileSync(path, text, "latin1");
  return { path, sizeBytes: text.length };
}

const LOG = "# test log\ngetenv HOME\n";
const RESULTS: [string, string][] = [
  ["a log", LOG],
  ["an empty log", "# test log\n"],
  ["what a test printed", "ok  \texample.com/a\t0.004s\n"],
  ["the same with coverage", "ok  \texample.com/a\t0.004s\tcoverage: 50.0% of statements\n"],
  ["the same with -v", "=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\nok  \texample.com/a\t0.004s\n"],
  ["the same with -v and -json", "\x16=== RUN   TestA\nPASS\n\x16ok  \texample.com/a\t0.004s\n"],
  ["the same after much output", `${"line\n".repeat(10_000)}ok  \texample.com/a\t0.004s\n`],
  ["a coverage profile", "mode: set\nexample.com/a/a.go:3.10,5.2 1 1\n"],
];
const OTHERS: [string, string][] = [
  ["nothing", ""],
  ["an archive", "!<arch>\n__.PKGDEF"],
  ["an archive that ends like the output of a test", "!<arch>\n\nok  \texample.com/a\t0.004s\n"],
  ["a package index", "go index v2\n"],
  ["the output of vet", "vet: ok\n"],
  ["a failed test, which go does not keep", "FAIL\texample.com/a\t0.004s\n"],
];

describe("a result of a test is", () => {
  test.each(RESULTS)("%s", (_, text) => {
    expect(isTestResult(outputOf(text))).toBe(true);
  });
});

describe("a result of a test is not", () => {
  test.each(OTHERS)("%s", (_, text) => {
    expect(isTestResult(outputOf(text))).toBe(false);
  });

  test("a file that is gone, or shorter than it was", () => {
    expect(isTestResult({ path: dir.join("gone"), sizeBytes: 100 })).toBe(false);
    expect(isTestResult({ ...outputOf("# te"), sizeBytes: 100 })).toBe(false);
  });
});
