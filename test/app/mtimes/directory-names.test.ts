import { expect, test } from "bun:test";
import { DirectoryNames } from "../../../src/app/mtimes/directory-names.ts";

function namesOf(below: string, ...paths: string[]): Record<string, string[]> {
  const names = new DirectoryNames(below);
  for (const path of paths) names.add(path);
  return Object.fromEntries(
    [...names].map(([directory, content]) => [
      directory,
      [...content].toSorted((a, b) => a.localeCompare(b)),
    ]),
  );
}

test("every directory on the way up has the next one's name, the top too", () => {
  expect(namesOf("", "a/b/c/1", "a/b/2", "3")).toEqual({
    "": ["3", "a"],
    a: ["b"],
    "a/b": ["2", "c"],
    "a/b/c": ["1"],
  });
});

test("nothing above the requested directory", () => {
  expect(namesOf("a/b", "a/b/c/1", "a/b/2")).toEqual({ "a/b": ["2", "c"], "a/b/c": ["1"] });
});

test("nothing at all", () => {
  expect(namesOf("")).toEqual({});
});
