import { expect, test } from "bun:test";
import { compareGoVersions, isLanguageVersion, versionInName } from "../../src/gomod/go-version.ts";

test("versions have go's order", () => {
  // What is no version comes first, and all of that is the same.
  const ordered = [
    "x",
    "1",
    "1.2",
    "1.9.7",
    "1.20rc1",
    "1.20",
    "1.21",
    "1.21alpha",
    "1.21beta2",
    "1.21rc1",
    "1.21rc2",
  ];
  ordered.push("1.21.0", "1.21.9", "1.21.10", "1.100", `1.${"9".repeat(60)}`, "2");
  for (const [at, version] of ordered.entries()) {
    expect([version, compareGoVersions(version, version)]).toEqual([version, 0]);
    for (const later of ordered.slice(at + 1))
      expect([version, later, Math.sign(compareGoVersions(version, later))]).toEqual([version, later, -1]);
  }
});

test.each([
  "",
  "1.",
  "1.21.",
  "01.2",
  "1.021",
  "1.21.3rc1",
  "1.21.x",
  "1.21RC1",
  "go1.21",
  "1.21 ",
  "1.2.3.4",
  "9".repeat(101),
])("%j is no version", (text) => {
  expect([compareGoVersions(text, "x"), isLanguageVersion(text)]).toEqual([0, false]);
});

test.each([
  ["1.20", "1.20.0"],
  ["1", "1.0.0"],
])("%s is the same as %s: only from 1.21 on it is the language alone", (short, long) => {
  expect([compareGoVersions(short, long), isLanguageVersion(short), isLanguageVersion("1.21")]).toEqual([
    0,
    false,
    true,
  ]);
});

test.each([
  ["go1.27.4", "1.27.4"],
  ["go1.27rc1", "1.27rc1"],
  ["go1.27.4-bigcorp", "1.27.4"],
  ["go1.27.4 X:rangefunc", "1.27.4"],
  ["go1.28-devel_0123abc", "1.28"],
  ["devel go1.28-0123abc", undefined],
  ["1.27.4", undefined],
  ["go1.27.4/../x", undefined],
  ["go", undefined],
  ["local", undefined],
])("the name %j has the version %j", (name, version) => {
  expect(versionInName(name)).toBe(version);
});
