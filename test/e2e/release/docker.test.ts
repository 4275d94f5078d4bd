/** The Dockerfile that `init docker` prints, step by step in bare file systems; there is no Docker here. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { runInRoot } from "../../support/bare-root.ts";
import { binaryPath } from "../../support/binary.ts";
import { newContainer } from "../../support/container.ts";
import { countCompiles, goRoot } from "../../support/go-toolchain.ts";
import { type Outcome, plainEnv, run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { dockerBuild } from "./docker-build.ts";
import { type FarServices, fillBucket, startFarServices } from "./far-services.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

/** With a C compiler, go links os/user to a C library. There is no go.sum, since no module is used. */
const MAIN = `package main

import "os/user"

func main() {
	_, err := user.Lookup("nobody")
	println("started", err != nil)
}
`;

let far: FarServices;
let dir: TempDir;
let root: string;

beforeAll(async () => {
  far = await startFarServices();
  dir = tempDir("docker");
  root = await goRoot();
  mkdirSync(dir.join("context"));
  mkdirSync(dir.join("kept"));
  writeFileSync(dir.join("context/go.mod"), "module example.com/server\n\ngo 1.24\n");
  writeFileSync(dir.join("context/main.go"), MAIN);
  const args = ["build", "-trimpath", "-o", "/dev/null", "."];
  await fillBucket(far, dir.join("before"), { cwd: dir.join("context"), args, trimpath: true });
});
afterAll(async () => {
  await far[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** Builds the image on a new machine, and runs its program. */
async function buildAndStart(
  name: string,
  dockerfile: string,
): Promise<{ compiles: number; started: Outcome }> {
  mkdirSync(dir.join(name));
  const container = newContainer(dir.join(name), root, [far.env.SSL_CERT_FILE ?? ""]);
  const image = dir.join(`${name}-image`);
  const outcomes = await dockerBuild(dockerfile, {
    // go prints the packages that it compiles.
    stage: { ...container, env: { ...container.env, ...far.env, GOFLAGS: "-x" } },
    context: dir.join("context"),
    image,
    cache: dir.join("kept"),
    secrets: far.keys,
  });
  expect(outcomes.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  const started = await runInRoot({ path: image, mounts: {}, env: { PATH: "/usr/bin:/bin" } }, [
    "/usr/local/bin/server",
  ]);
  return { compiles: outcomes.reduce((sum, outcome) => sum + countCompiles(outcome), 0), started };
}

test.each([
  ["an S3 bucket", ["--bucket=my-bucket", "--region=eu-central-1"]],
  ["a directory that the builder keeps", ["--bucket=file:///mnt/cache"]],
])(
  "with %s the program starts in an empty image, and the next build compiles nothing",
  async (name, flags) => {
    writeFileSync(dir.join("context/main.go"), `${MAIN}\n// ${name}\n`);
    // Puts the standard library into both buckets, and the program into none.
    cpSync(far.bucketDir, dir.join("kept"), { recursive: true });
    const { stdout } = await run([binaryPath(), "init", "docker", ...flags], {
      env: plainEnv(),
      cwd: dir.join("context"),
    });
    const first = await buildAndStart(`${name} 1`, stdout);
    const second = await buildAndStart(`${name} 2`, stdout);
    for (const { started } of [first, second]) {
      expect(started).toEqual({ stdout: "", stderr: "started true\n", exitCode: 0 });
    }
    expect(first.compiles).toBeGreaterThan(0);
    expect(second.compiles).toBe(0);
  },
);
