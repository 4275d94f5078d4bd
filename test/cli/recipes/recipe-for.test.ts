import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { PLACES, type RecipeContext, recipeFor } from "../../../src/cli/recipes/recipe-for.ts";
import { formatSecretKey } from "../../../src/lib/text/ed25519-text.ts";
import { testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const CONTEXT = { program: "/opt/bin/go-cache-plugin", directory: "/nowhere" };

function recipe(
  place: string,
  flags: Record<string, string>,
  env: Record<string, string> = {},
  mode?: RecipeContext["mode"],
): string {
  return recipeFor(place, new Map(Object.entries(flags)), env, { ...CONTEXT, ...(mode && { mode }) });
}

/** The places with jobs. */
const CIS = ["github", "gitlab", "buildkite", "circleci", "jenkins"];

const SECRET = formatSecretKey({ seed: Buffer.alloc(32, 1), publicKey: Buffer.alloc(32, 2) });
const HARD = `a "b" it's $x: #y`;

describe.each([...PLACES])("the recipe for %s", (place) => {
  test("contains the options given by flag and variable, and no credentials", () => {
    const text = recipe(
      place,
      { bucket: "some-bucket", region: "eu-west-3" },
      {
        GOCACHE_KEY_PREFIX: "team",
        AWS_SECRET_ACCESS_KEY: "very-secret",
      },
    );
    for (const given of ["some-bucket", "eu-west-3", "team", "GOCACHE_KEY_PREFIX"])
      expect(text).toContain(given);
    expect(text).not.toContain("very-secret");
    expect(text).not.toContain("my-bucket");
  });

  test("names the remaining steps if no option is given", () => {
    expect(recipe(place, {})).toContain("Replace my-bucket with your bucket's name.");
  });

  testOnPosix("needs no credentials for a directory", () => {
    const text = recipe(place, { bucket: "file:///mnt/cache" });
    expect(text).toContain("file:///mnt/cache");
    expect(text).not.toMatch(/AWS_|aws-|arn:|secret/i);
  });

  testOnPosix("has no secret, but says in a comment how to pass it", () => {
    const text = recipe(
      place,
      { bucket: "file:///mnt/cache", plugin: "/run/cache.sock" },
      { GOCACHE_SIGN_KEY: SECRET, GOCACHE_UPSTREAM: "https://user:hunter2@proxy.example.com" },
    );
    expect(text).not.toMatch(/gocache-secret|hunter2/);
    for (const name of ["GOCACHE_SIGN_KEY", "GOCACHE_UPSTREAM"]) {
      const lines = text.split("\n").filter((line) => line.includes(name));
      expect(lines[0]).toContain(`${name} holds a secret and is left out: `);
      expect(lines.filter((line) => !/^(#|\/\/) /.test(line))).toEqual([]);
    }
  });

  test("rejects values that a job would reject", () => {
    expect(() => recipe(place, { expiry: "banana" })).toThrow("banana");
  });

  test("matches the reviewed snapshot", () => {
    expect(recipe(place, { bucket: "some-bucket", prefix: "my team" })).toMatchSnapshot();
    expect(recipe(place, { bucket: "some-bucket" }, {}, "direct")).toMatchSnapshot();
    expect(
      recipe(place, { bucket: "some-bucket", plugin: "5930", "s3-endpoint-url": "http://s3:9000" }),
    ).toMatchSnapshot();
    expect(
      recipe(place, { bucket: "some-bucket", modproxy: "true" }, { HOME: "/home/me" }),
    ).toMatchSnapshot();
  });

  test("starts a server for --modproxy, and puts its proxy before go's own GOPROXY", () => {
    const text = recipe(place, { bucket: "some-bucket", modproxy: "true" });
    expect(text).toMatch(/serve --detach|mode: server/);
    expect(text.replaceAll("$$", "$")).toContain("http://127.0.0.1:5970/mod|$(go env GOPROXY)");
    expect(text).toMatch(/GOCACHE_HTTP\W+5970/);
    expect(recipe(place, { modproxy: "true", http: "5999" })).toContain("http://127.0.0.1:5999/mod|");
    expect(() => recipe(place, { modproxy: "true", http: "/tmp/x.sock" })).toThrow("a port as --http");
  });
});

test.each(["github", "gitlab", "circleci", "jenkins"])(
  "the recipe for %s keeps modules beside the plugin, unless restore and save or a server have them",
  (place) => {
    const kept = /actions\/cache@|GOMODCACHE|paths: \[\.go-mod\]|save_cache:|go-modules:\/go\/pkg\/mod/;
    expect(recipe(place, {})).not.toMatch(kept);
    expect(recipe(place, {}, {}, "direct")).toMatch(kept);
    expect(recipe(place, { plugin: "5930" })).toMatch(kept);
    expect(recipe(place, { modproxy: "true" })).not.toMatch(kept);
  },
);

test.each(["gitlab", "buildkite", "circleci", "jenkins"])(
  "the recipe for %s shows what came of it, when all is stored",
  (place) => {
    const last = (command: string) => new RegExp(`${command}[\\s\\S]*go-cache-plugin stats`);
    expect(recipe(place, {})).toMatch(last("go-cache-plugin save"));
    expect(recipe(place, {}, {}, "direct")).toContain("go-cache-plugin stats");
    expect(recipe(place, { plugin: "5930" })).toMatch(last("serve --stop"));
  },
);

describe("the mode", () => {
  test.each(CIS)("of %s is native: restore before go, no GOCACHEPROG", (place) => {
    const text = recipe(place, {});
    expect(text).toMatch(/mode: native|go-cache-plugin restore[\s\S]*go test/);
    expect(text).not.toMatch(/GOCACHEPROG|mtimes|prefetch/);
  });

  test.each(["shell", "docker"])("of %s is direct, since there is no job that begins and ends", (place) => {
    expect(recipe(place, {})).toContain("GOCACHEPROG");
    expect(() => recipe(place, {}, {}, "native")).toThrow(`"init ${place}" has no native mode`);
  });

  test.each(CIS)("of %s is direct on request, or for objects that restore does not read", (place) => {
    for (const text of [recipe(place, {}, {}, "direct"), recipe(place, { layout: "both" })])
      expect(text).toMatch(/mode: direct|GOCACHEPROG\W+go-cache-plugin\W*\n[\s\S]*mtimes[\s\S]*prefetch/);
    expect(recipe(place, { layout: "split" })).not.toContain("prefetch");
    expect(() => recipe(place, { layout: "split" }, {}, "native")).toThrow("--layout=packed or both");
  });

  test.each(CIS)("of %s is server on request, or if an option needs one", (place) => {
    for (const text of [recipe(place, {}, {}, "server"), recipe(place, { plugin: "5930" })])
      expect(text).toMatch(/mode: server|GOCACHEPROG\W+go-cache-plugin connect[\s\S]*serve --detach/);
    for (const mode of ["native", "direct"] as const)
      expect(() => recipe(place, { modproxy: "true" }, {}, mode)).toThrow(`--mode=${mode} starts no server`);
  });
});

describe("the release of Go", () => {
  test.each([
    ["module example.com/a\n\ngo 1.26.3\n", "1.26"],
    ["module example.com/a\n\ngo 1.25.0\n\ntoolchain go1.28.1\n", "1.28"],
    // Go 1.24 is the first that can use the program.
    ["module example.com/a\n\ngo 1.20\n", "1.24"],
  ])("in an image is that of %p", (text, version) => {
    using dir = tempDir("recipe");
    writeFileSync(dir.join("go.mod"), text);
    const context = { ...CONTEXT, directory: dir.path };
    for (const place of ["gitlab", "circleci", "jenkins", "docker"]) {
      expect(recipeFor(place, new Map(), {}, context)).toMatch(new RegExp(`go(lang)?:${version}\\b`));
    }
  });
});

test("a note says that localhost in a job is not this machine", () => {
  const flags = { bucket: "some-bucket", "s3-endpoint-url": "http://localhost:9000" };
  for (const place of PLACES.filter((each) => each !== "shell")) {
    expect(recipe(place, flags)).toContain("http://localhost:9000 is the job's own machine or container");
  }
  expect(recipe("shell", flags)).not.toContain("own machine");
});

test("the recipe for a shell contains the absolute path of the program", () => {
  expect(recipe("shell", {})).toContain("export GOCACHEPROG=/opt/bin/go-cache-plugin\n");
  expect(recipe("shell", { plugin: "5930" })).toContain(
    "export GOCACHEPROG='/opt/bin/go-cache-plugin connect --fallback'\n",
  );
});

describe("a YAML parser reads the values back:", () => {
  const flags = { bucket: "some-bucket", project: HARD, prefix: "true", "max-size": "0" };
  const given = {
    GOCACHE_S3_BUCKET: "some-bucket",
    GOCACHE_PROJECT: HARD,
    GOCACHE_KEY_PREFIX: "true",
    GOCACHE_MAX_SIZE: "0",
  };
  const read = (place: string) => Bun.YAML.parse(recipe(place, flags)) as never;

  test("github", () => {
    const { jobs } = read("github") as { jobs: { test: { env: unknown } } };
    expect(jobs.test.env).toEqual(given);
  });

  test("gitlab", () => {
    const job = (read("gitlab") as { test: { variables: unknown; before_script: string[] } }).test;
    expect(job.variables).toMatchObject(given);
    expect(job.before_script.at(-1)).toBe("go-cache-plugin restore");
  });

  test("circleci", () => {
    const { jobs } = read("circleci") as { jobs: { test: { environment: unknown } } };
    expect(jobs.test.environment).toMatchObject(given);
  });

  test("buildkite, which expands variables unless a dollar sign is doubled", () => {
    const { env } = read("buildkite") as { env: unknown };
    expect(env).toMatchObject({ ...given, GOCACHE_PROJECT: HARD.replace("$", "$$$$") });
  });
});
