import { describe, expect, test } from "bun:test";
import { PLACES } from "../../../src/cli/commands.ts";
import { recipeFor } from "../../../src/cli/recipes/recipe-for.ts";
import { formatSecretKey } from "../../../src/lib/ed25519-text.ts";

function recipe(place: string, flags: Record<string, string>, env: Record<string, string> = {}): string {
  return recipeFor(place, new Map(Object.entries(flags)), env);
}

const SECRET = formatSecretKey({ seed: Buffer.alloc(32, 1), publicKey: Buffer.alloc(32, 2) });
const HARD = `a "b" it's $x: #y`;

describe.each([...PLACES])("the recipe for %s", (place) => {
  test("has what was given by flag and by variable, and no credentials", () => {
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

  test("says what is left to do when nothing was given", () => {
    expect(recipe(place, {})).toContain("Put your bucket's name in the place of my-bucket.");
  });

  test("needs no credentials for a directory", () => {
    const text = recipe(place, { bucket: "file:///mnt/cache" });
    expect(text).toContain("file:///mnt/cache");
    expect(text).not.toMatch(/AWS_|aws-|arn:|secret/i);
  });

  test("has no secret, but says in a comment how to pass it", () => {
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

  test("refuses what a job could not read", () => {
    expect(() => recipe(place, { expiry: "banana" })).toThrow("banana");
  });

  test("is as it was looked at", () => {
    expect(recipe(place, { bucket: "some-bucket", prefix: "my team" })).toMatchSnapshot();
    expect(
      recipe(place, { bucket: "some-bucket", plugin: "5930", "s3-endpoint-url": "http://s3:9000" }),
    ).toMatchSnapshot();
  });
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
    expect(job.variables).toMatchObject({ GOCACHEPROG: "go-cache-plugin", ...given });
    expect(job.before_script.at(-1)).toBe("go-cache-plugin prefetch");
  });

  test("circleci", () => {
    const { jobs } = read("circleci") as { jobs: { test: { environment: unknown } } };
    expect(jobs.test.environment).toMatchObject(given);
  });

  test("buildkite, which puts in variables of its own unless a dollar sign is doubled", () => {
    const { env } = read("buildkite") as { env: unknown };
    expect(env).toMatchObject({ ...given, GOCACHE_PROJECT: HARD.replace("$", "$$$$") });
  });
});
