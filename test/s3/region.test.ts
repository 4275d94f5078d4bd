import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { isRegionName, Region } from "../../src/s3/region.ts";
import { tempDir } from "../support/temp-dir.ts";

const memoryOf = (region: string | undefined) => ({ load: () => region, save() {} });

describe("the region is, in this order,", () => {
  test.each([
    ["the one that the server named last time", "r-memory", 0],
    ["the option", "r-option", 1],
    ["AWS_REGION", "r-env", 2],
    ["AWS_DEFAULT_REGION", "r-default", 3],
    ["the profile's", "r-profile", 4],
    ["us-east-1", "us-east-1", 5],
  ])("%s", async (_, expected, from) => {
    await using dir = tempDir("region");
    writeFileSync(dir.join("config"), from <= 4 ? "[default]\nregion = r-profile\n" : "");
    const region = new Region({
      memory: memoryOf(from <= 0 ? "r-memory" : undefined),
      region: from <= 1 ? "r-option" : undefined,
      env: {
        AWS_CONFIG_FILE: dir.join("config"),
        AWS_SHARED_CREDENTIALS_FILE: dir.join("none"),
        AWS_REGION: from <= 2 ? "r-env" : "",
        AWS_DEFAULT_REGION: from <= 3 ? "r-default" : undefined,
      },
    });
    expect(await region.get()).toBe(expected);
  });

  test("not the saved one if it is invalid", async () => {
    const region = new Region({ memory: memoryOf("../evil"), region: "eu-west-1", env: {} });
    expect(await region.get()).toBe("eu-west-1");
  });
});

test.each([
  ["us-east-1", true],
  ["auto", true],
  ["", false],
  ["a.b", false],
  ["a/b", false],
  ["-a", false],
  ["a\nb", false],
  ["x".repeat(100), false],
])("%p can be a region: %p", (text, expected) => {
  expect(isRegionName(text)).toBe(expected);
});
