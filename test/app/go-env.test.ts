/** What go says of itself and of a checkout: asked once, and only where it counts by the release that go.mod wants. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGoHere, readGoToolchain, withGoCache } from "../../src/app/go-env.ts";
import { writeModule } from "../support/go-project.ts";
import { GO_RELEASES, goRoot } from "../support/go-toolchain.ts";
import { plainEnv } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(60_000);

const HELPER_ENV = { GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.99.0" };

let dir: TempDir;
let cwd: string;
/** An old go on the PATH, which has to fetch every other release, and can't. It notes what it is asked. */
let env: Record<string, string>;

beforeAll(async () => {
  dir = tempDir("go-env");
  const goBin = join(await goRoot(GO_RELEASES[0]), "bin");
  const bin = dir.join("bin");
  mkdirSync(bin);
  writeFileSync(
    join(bin, "go"),
    `#!/bin/sh\necho "$GOTOOLCHAIN: $*" >> '${dir.join("asked")}'\nexec '${goBin}/go' "$@"\n`,
  );
  chmodSync(join(bin, "go"), 0o755);
  env = plainEnv({
    PATH: `${bin}:${process.env.PATH}`,
    HOME: dir.path,
    GOENV: "off",
    GOTOOLCHAIN: "auto",
    GOPROXY: "off",
    GOMODCACHE: dir.join("mod"),
    GOCACHE: "",
  });
  cwd = writeModule(dir.join("checkout"), "example.com/new", {
    "go.mod": "module example.com/new\n\ngo 1.99.0\n",
  });
});
afterAll(() => dir[Symbol.dispose]());

/** What go was asked since the last look. */
function asked(): string[] {
  const path = dir.join("asked");
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  writeFileSync(path, "");
  return lines.filter((line) => line !== "");
}

const CHECKOUT = {
  GOMOD: expect.stringMatching(/checkout[/]go[.]mod$/),
  GOWORK: "",
  GOMODCACHE: expect.any(String),
  GOFLAGS: "",
};
const ALL =
  "env -json GOCACHE GOOS GOARCH GOVERSION GOMOD GOWORK GOMODCACHE GOFLAGS GOHOSTOS GOHOSTARCH GOSUMDB";

describe("a go that is older than go.mod wants", () => {
  test("says why it can't say which release it would be", () => {
    expect(readGoHere(env, { cwd, needsRelease: true })).toMatchObject({
      checkout: undefined,
      failure: expect.stringMatching(/^go: .*go1[.]99[.]0/),
    });
    expect(asked()).toEqual([`auto: ${ALL}`]);
  });

  test("says the rest by itself, and fetches no release", () => {
    const { checkout, installed, failure, env: found } = readGoHere(env, { cwd, needsRelease: false });
    expect({ checkout, failure }).toEqual({ checkout: CHECKOUT, failure: undefined });
    expect(installed).toEqual({
      GOVERSION: `go${GO_RELEASES[0]}`,
      GOHOSTOS: "linux",
      GOHOSTARCH: "amd64",
      GOSUMDB: expect.any(String),
    });
    expect(found.GOCACHE).toBe(withGoCache(env).GOCACHE);
    expect(asked()).toEqual([`local: ${ALL}`, "local: env -json GOCACHE"]);
  });

  test("is not asked for the release where the environment has it", () => {
    const found = readGoHere({ ...env, ...HELPER_ENV, GOCACHE: "/cache" }, { cwd, needsRelease: true });
    expect(found).toMatchObject({ env: { ...HELPER_ENV, GOCACHE: "/cache" }, checkout: CHECKOUT });
    expect(asked()).toEqual([`local: ${ALL}`]);
  });
});

describe("GOTOOLCHAIN", () => {
  test("is that of the environment; nobody is asked then", () => {
    expect([readGoToolchain(env, cwd), asked()]).toEqual(["auto", []]);
  });

  test("is go's own else, which fetches no release to say it", () => {
    expect(readGoToolchain({ ...env, GOTOOLCHAIN: "" }, cwd)).toBe("auto");
    expect(asked()).toEqual([": env GOTOOLCHAIN"]);
  });

  test("is not known without a go", () => {
    expect(readGoToolchain({ PATH: "/nonexistent" }, cwd)).toBeUndefined();
  });
});

test("without a go on the PATH nothing is known but the environment", () => {
  const bare = { PATH: "/nonexistent", GOCACHE: "/cache" };
  expect(readGoHere(bare, { cwd, needsRelease: true })).toEqual({
    env: bare,
    checkout: undefined,
    installed: undefined,
    failure: undefined,
  });
});
