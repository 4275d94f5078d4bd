import { expect, test } from "bun:test";
import { readGoHere } from "../../../src/app/go-env.ts";
import { findGoCache } from "../../../src/app/native/find-go-cache.ts";

/** No go is asked for these. */
const HELPER_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" };
const NO_GO = { PATH: "/nonexistent" };

const find = (env: Record<string, string | undefined>) =>
  findGoCache(readGoHere(env, { cwd: "/", needsRelease: true }));

test("the environment says where it is", () => {
  expect(find({ ...HELPER_ENV, ...NO_GO, GOCACHE: "/cache" })).toEqual({ path: "/cache" });
});

test.each([
  ["off", "GOCACHE is off"],
  ["cache", "GOCACHE is not an absolute path"],
  [undefined, "GOCACHE is not set, and there is no go to ask"],
  ["", "GOCACHE is not set, and there is no go to ask"],
])("there is none with GOCACHE=%s", (GOCACHE, why) => {
  expect(find({ ...NO_GO, GOCACHE })).toEqual({ path: undefined, why });
});

test("go is asked if the environment does not say, or only that it is empty", () => {
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: "/home/somebody", GOTOOLCHAIN: "local", XDG_CACHE_HOME: "/xdg", GOENV: "off" };
  expect(find(env).path).toBe(find({ ...env, GOCACHE: "" }).path);
  if (process.platform === "linux") expect(find(env).path).toBe("/xdg/go-build");
});

test("a go that fails is not taken for none", () => {
  const { PATH = "" } = process.env;
  expect(find({ PATH, HOME: "/home/somebody", GOTOOLCHAIN: "nonsense" })).toEqual({
    path: undefined,
    why: expect.stringMatching(/^GOCACHE is not set, and go env fails: .*nonsense/),
  });
});
