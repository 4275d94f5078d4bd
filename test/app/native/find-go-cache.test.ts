import { expect, test } from "bun:test";
import { findGoCache } from "../../../src/app/native/find-go-cache.ts";

/** No go is asked for these. */
const HELPER_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };
const NO_GO = { PATH: "/nonexistent" };

test("the environment says where it is", () => {
  const env = { ...HELPER_ENV, GOCACHE: "/cache" };
  expect(findGoCache(env)).toEqual({ env, path: "/cache" });
});

test.each([
  ["off", "GOCACHE is off"],
  ["cache", "GOCACHE is not an absolute path"],
  [undefined, "GOCACHE is not set, and there is no go to ask"],
  ["", "GOCACHE is not set, and there is no go to ask"],
])("there is none with GOCACHE=%s", (GOCACHE, why) => {
  expect(findGoCache({ ...NO_GO, GOCACHE })).toMatchObject({ path: undefined, why });
});

test("go is asked if the environment does not say, or only that it is empty", () => {
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: "/home/somebody", GOTOOLCHAIN: "local", XDG_CACHE_HOME: "/xdg", GOENV: "off" };
  expect(findGoCache(env).path).toBe(findGoCache({ ...env, GOCACHE: "" }).path);
  if (process.platform === "linux") expect(findGoCache(env).path).toBe("/xdg/go-build");
});
