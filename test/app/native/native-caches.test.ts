import { expect, test } from "bun:test";
import { homedir } from "node:os";
import { join } from "node:path";
import { findLintCaches } from "../../../src/app/native/native-caches.ts";

const pathsOf = (env: Record<string, string>) =>
  Object.fromEntries(findLintCaches(env).map(({ name, path }) => [name, path]));

test("a linter's variable says where its cache is", () => {
  const env = { GOLANGCI_LINT_CACHE: "/a", STATICCHECK_CACHE: "/b" };
  expect(pathsOf(env)).toEqual({ "golangci-lint": "/a", staticcheck: "/b" });
});

test.if(process.platform === "linux")(
  "else it is in the user's cache directory, as of all Go programs",
  () => {
    const inDir = (dir: string) => ({
      "golangci-lint": join(dir, "golangci-lint"),
      staticcheck: join(dir, "staticcheck"),
    });
    const unset = { GOLANGCI_LINT_CACHE: "", STATICCHECK_CACHE: "" };
    expect(pathsOf({ ...unset, XDG_CACHE_HOME: "/xdg" })).toEqual(inDir("/xdg"));
    expect(pathsOf({})).toEqual(inDir(join(homedir(), ".cache")));
    expect(pathsOf({ XDG_CACHE_HOME: "relative" })).toEqual({});
  },
);

test.each(["off", "cache", "./cache"])("a linter with %j refuses to run, so it has none", (value) => {
  const env = { GOLANGCI_LINT_CACHE: value, STATICCHECK_CACHE: "/b" };
  expect(pathsOf(env)).toEqual({ staticcheck: "/b" });
  expect(pathsOf({ GOLANGCI_LINT_CACHE: "/a", STATICCHECK_CACHE: value })).toEqual({ "golangci-lint": "/a" });
});
