import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { removeFileIf } from "../../../src/lib/files/remove-file-if.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("removes what is unwanted, and nothing else", () => {
  using dir = tempDir("remove");
  for (const name of ["old", "new"]) writeFileSync(dir.join(name), name);
  const isOld = (path: string) => readFileSync(path, "utf8") === "old";
  for (const name of ["old", "new"]) removeFileIf(dir.join(name), isOld);
  removeFileIf(dir.join("none"), () => true);
  expect(readdirSync(dir.path)).toEqual(["new"]);
});

test("what another process puts in its place in that moment stays", () => {
  using dir = tempDir("remove");
  const path = dir.join("file");
  writeFileSync(path, "old");
  let looks = 0;
  removeFileIf(path, (at) => {
    const text = readFileSync(at, "utf8");
    if (++looks === 1) writeFileSync(path, "new");
    return text === "old";
  });
  expect([readFileSync(path, "utf8"), readdirSync(dir.path), looks]).toEqual(["new", ["file"], 2]);
});
