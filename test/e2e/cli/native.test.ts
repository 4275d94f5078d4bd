import { expect, test } from "bun:test";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

test.each([
  [["restore"], '"restore" needs a bucket: set --bucket or GOCACHE_S3_BUCKET'],
  [["save"], '"save" needs a bucket: set --bucket or GOCACHE_S3_BUCKET'],
  [["restore", "--bucket=file:///nowhere", "--layout=split"], '"restore" needs --layout=packed or both'],
  [["save", "--bucket=file:///nowhere", "--layout=split"], '"save" needs --layout=packed or both'],
  [["exec", "--bucket=file:///nowhere", "--layout=split", "true"], '"exec" needs --layout=packed or both'],
  [["exec", "--bucket=file:///nowhere"], '"exec" needs COMMAND'],
  [["exec", "--bucket=file:///nowhere", "make", "-j"], "unknown flag -j"],
  [["restore", "--bucket=file:///nowhere", "now"], 'unexpected argument "now" after "restore"'],
])("a wrong command line is an error: %j", async (args, message) => {
  await using cache = tempDir("native");
  const { exitCode, stdout, stderr } = await runProgram(args, { GOCACHE_DIR: cache.path });
  expect([exitCode, stdout, stderr.split("\n")[0]]).toEqual([2, "", `go-cache-plugin: ${message}`]);
});
