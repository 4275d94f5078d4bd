import { expect, test } from "bun:test";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

test.each([
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

test.each([
  [["restore"], "nothing is restored"],
  [["restore", "--wait=false"], "nothing is restored"],
  [["save"], "nothing is saved"],
  [["exec", "true"], "nothing is restored or saved"],
])("without a bucket, as in a fork, a line says so, and the job goes on: %j", async (args, nothing) => {
  await using cache = tempDir("native");
  const outcome = await runProgram(args, { GOCACHE_DIR: cache.path, GOCACHE_S3_BUCKET: "" });
  const stderr = `go-cache-plugin: ${nothing}: no bucket is set (--bucket or GOCACHE_S3_BUCKET)\n`;
  expect(outcome).toMatchObject({ exitCode: 0, stdout: "", stderr });
});
