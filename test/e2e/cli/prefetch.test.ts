import { expect, test } from "bun:test";
import { StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

const USAGE = 'run "go-cache-plugin help prefetch" for its flags and examples\n';

test.concurrent.each([
  [[], '"prefetch" needs a bucket: set --bucket or GOCACHE_S3_BUCKET'],
  [["--bucket=file:///nowhere", "--layout=split"], '"prefetch" needs --layout=packed or both'],
  [
    ["--bucket=file:///nowhere", "--json"],
    '--json is a flag of "doctor", "stats", "explain", and "inspect" only',
  ],
])("%j is refused", async (flags, message) => {
  await using cache = tempDir("prefetch");
  const outcome = await runProgram(["prefetch", ...flags], { GOCACHE_DIR: cache.path });
  expect(outcome).toEqual({ stdout: "", stderr: `go-cache-plugin: ${message}\n${USAGE}`, exitCode: 2 });
});

test.concurrent("reports that the bucket has no run of this job", async () => {
  await using cache = tempDir("prefetch");
  using bucket = new StockedBucket();
  const args = ["prefetch", "--wait", `--bucket=${bucket.store.name}`];
  expect(await runProgram(args, { GOCACHE_DIR: cache.path })).toEqual({
    stdout: "no earlier run of this job is known\n",
    stderr: "",
    exitCode: 0,
  });
});
