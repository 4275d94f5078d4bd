import { expect, test } from "bun:test";
import { cacheOf, platformOf } from "../../../src/app/native/cache-platform.ts";

const PLATFORM = "linux_amd64_go1.27.4";

test.each([
  ["build", PLATFORM, PLATFORM],
  ["golangci-lint", `${PLATFORM}_golangci-lint`, PLATFORM],
  ["staticcheck", `${PLATFORM}_staticcheck`, PLATFORM],
  ["modules", "modules", undefined],
] as const)("the runs of %s are those of platform %s", (cache, scopePlatform, platform) => {
  expect(platformOf(cache, PLATFORM)).toBe(scopePlatform);
  expect(cacheOf(scopePlatform)).toEqual({ cache, platform });
});

test("a platform of a later version is one of build outputs", () => {
  expect(cacheOf(`${PLATFORM}_later`)).toEqual({ cache: "build", platform: `${PLATFORM}_later` });
});
