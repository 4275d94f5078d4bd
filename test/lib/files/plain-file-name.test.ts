import { expect, test } from "bun:test";
import { isPlainFileName } from "../../../src/lib/files/plain-file-name.ts";

test.each(["stringer", "golangci-lint", "a.exe", ".hidden", "a..b", "é", "console", "x".repeat(255)])(
  "%s is the name of a file",
  (name) => expect(isPlainFileName(name)).toBe(true),
);

test.each([
  "",
  ".",
  "..",
  "a/b",
  "/a",
  "a\\b",
  "c:a",
  "a\0",
  "a\n",
  "a.",
  "a ",
  "CON",
  "nul.txt",
  "com1",
  "LPT9.exe",
  "a*",
  "\ud800",
  "x".repeat(256),
  "é".repeat(128),
])("%j is not", (name) => expect(isPlainFileName(name)).toBe(false));
