import { expect, test } from "bun:test";
import { checkScope } from "../../../../src/app/serve/plugin/check-scope.ts";

const SCOPE = {
  platform: "linux_amd64_go1.27.4",
  project: "example.com/p",
  branch: "main",
  job: "local",
  run: "2026-01-31",
  fallbackBranches: ["main"],
  defaultBranch: "main",
};

test("takes a scope as it went over the wire, and nothing more", () => {
  expect(checkScope(JSON.parse(JSON.stringify({ ...SCOPE, more: 1 })))).toEqual(SCOPE);
  const { defaultBranch: _, ...rest } = SCOPE;
  expect(checkScope(rest)).toEqual({ ...SCOPE, defaultBranch: undefined } as never);
});

test.each([
  [null],
  [7],
  [[]],
  [{}],
  [{ ...SCOPE, platform: 7 }],
  [{ ...SCOPE, run: undefined }],
  [{ ...SCOPE, fallbackBranches: "main" }],
  [{ ...SCOPE, fallbackBranches: [7] }],
  [{ ...SCOPE, branch: "x".repeat(5000) }],
] as [unknown][])("refuses %p", (value) => {
  expect(checkScope(value)).toBeUndefined();
});
