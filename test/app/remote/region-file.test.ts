import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { RegionFile } from "../../../src/app/remote/region-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("what one helper has saved the next one loads", () => {
  using dir = tempDir("region");
  const path = dir.join("state", "region-1");
  new RegionFile(path).save("eu-central-1");
  expect(new RegionFile(path).load()).toBe("eu-central-1");
});

test("a file that is missing or empty says nothing", () => {
  using dir = tempDir("region");
  writeFileSync(dir.join("empty"), " \n");
  expect(["none", "empty", "."].map((name) => new RegionFile(dir.join(name)).load())).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a place that can't be written is no error", () => {
  using dir = tempDir("region");
  writeFileSync(dir.join("file"), "");
  const file = new RegionFile(dir.join("file", "region"));
  file.save("eu-central-1");
  expect(file.load()).toBeUndefined();
});
