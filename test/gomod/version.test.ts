import { expect, test } from "bun:test";
import { compareVersions, isCanonical, matchesPath, sortedVersions } from "../../src/gomod/version.ts";

test.each(["v1.2.3", "v0.0.0", "v1.2.3-pre.1", "v2.0.0+incompatible", "v0.0.1-go1.99.0.linux-amd64"])(
  "%s is canonical",
  (version) => {
    expect(isCanonical(version)).toBe(true);
  },
);

test.each([
  "v1",
  "v1.2",
  "1.2.3",
  "v01.2.3",
  "v1.2.3-01",
  "v1.2.3+build",
  "v1.2.3-",
  "v1.2.3.4",
  "master",
  "",
  `v1.0.0-${"rc.".repeat(100)}1`,
])("%p is not canonical", (version) => {
  expect(isCanonical(version)).toBe(false);
});

test.each([
  ["v1.0.0", "example.com/a", true],
  ["v2.0.0", "example.com/a", false],
  ["v2.0.0+incompatible", "example.com/a", true],
  ["v2.0.0", "example.com/a/v2", true],
  ["v1.0.0", "example.com/a/v2", false],
  ["v3.1.0", "gopkg.in/yaml.v3", true],
  ["v2.1.0", "gopkg.in/yaml.v3", false],
  ["v0.0.0-20240102030405-abcdefabcdef", "gopkg.in/yaml.v1", true],
  ["v2.0.0", "gopkg.in/x.v2-unstable", true],
])("%s as one of %s: %p", (version, path, isGood) => {
  expect(matchesPath(version, path)).toBe(isGood);
});

test("sorts releases, and drops pseudo-versions and invalid lines", () => {
  const list =
    "v1.10.0\nv1.9.0 2024-01-02\n\nv0.0.0-20240102030405-abcdefabcdef\njunk\nv1.9.0\nv1.10.0-rc.2\nv1.10.0-rc.10\n";
  expect(sortedVersions(list)).toEqual(["v1.9.0", "v1.10.0-rc.2", "v1.10.0-rc.10", "v1.10.0"]);
});

test("drops versions that are too long for a file name", () => {
  expect(sortedVersions(`v1.0.0\nv1.0.0-${"rc.".repeat(300_000)}1\n`)).toEqual(["v1.0.0"]);
});

test("orders versions as semver.org does", () => {
  const ordered = [
    "v1.0.0-alpha",
    "v1.0.0-alpha.1",
    "v1.0.0-alpha.beta",
    "v1.0.0-beta",
    "v1.0.0-beta.2",
    "v1.0.0-beta.11",
    "v1.0.0-rc.1",
    "v1.0.0",
  ];
  expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered);
});
