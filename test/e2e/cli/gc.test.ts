import { describe, expect, test } from "bun:test";
import { DAY_MS, packOf, StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

const USAGE = 'run "go-cache-plugin help gc" for its flags and examples\n';

async function gc(bucket: StockedBucket, ...flags: string[]) {
  await using cache = tempDir("gc");
  const args = ["gc", `--bucket=${bucket.store.name}`, ...flags];
  return await runProgram(args, { GOCACHE_DIR: cache.path });
}

describe("removes nothing, exit code 2:", () => {
  test.concurrent.each([
    [[], '"gc" without --prefix works on the whole bucket: set --prefix, or confirm with --yes'],
    [["--prefix=team", "--read-only"], '"gc" removes from the bucket: run it without --read-only'],
    [["--prefix=team", "--json"], '--json is a flag of "doctor", "stats", "explain", and "inspect" only'],
    [["--prefix=team", "--older-than=x"], '--older-than: "x" is not a duration above 0 such as 14d or 36h'],
    [["--prefix=team", "now"], 'unexpected argument "now" after "gc"'],
    [["--bucket="], '"gc" needs a bucket: set --bucket or GOCACHE_S3_BUCKET'],
  ])("%j", async (flags, message) => {
    using bucket = new StockedBucket(flags[0] === undefined ? "" : "team");
    const old = await bucket.run([], { ageMs: 15 * DAY_MS });
    const outcome = await gc(bucket, ...flags);
    expect(outcome).toEqual({ stdout: "", stderr: `go-cache-plugin: ${message}\n${USAGE}`, exitCode: 2 });
    expect(bucket.has(old)).toBe(true);
  });
});

test("names unreadable records in plain characters, and keeps the packs", async () => {
  using bucket = new StockedBucket();
  const key = "team/packed/v1/run/p/a\u001b[31m\u202e/b/c/1.json.zst";
  await bucket.put(key, Buffer.from("nonsense"));
  const outcome = await gc(bucket, "--prefix=team");
  expect(outcome).toMatchObject({ stderr: "", exitCode: 0 });
  expect(outcome.stdout).toBe(`${bucket.store.name}/team/packed/v1/
records: removed 0 of runs and 0 of additions, 1 left
packs and segments: skipped; what is unreadable may name any of them:
  team/packed/v1/run/p/a\\u001b[31m\\u202e/b/c/1.json.zst: not a zstd frame of known size
`);
});

test("prints what it would remove, then what it removed", async () => {
  using bucket = new StockedBucket("");
  const [entry] = await bucket.pack(["gone"]);
  await bucket.run([], { ageMs: 3 * DAY_MS });
  const dry = await gc(bucket, "--dry-run", "--older-than=2d");
  expect(dry).toEqual({
    stdout: `${bucket.store.name}/packed/v1/
records: would remove 1 of runs and 0 of additions, 0 left
packs: would remove 0 (0 B), 1 (13 B) left, 1 (13 B) of them unnamed
segments: would remove 0 (0 B), 0 (0 B) left, 0 (0 B) of them unnamed
`,
    stderr: "",
    exitCode: 0,
  });
  const wet = await gc(bucket, "--yes", "--older-than", "48h");
  expect(wet).toEqual({ ...dry, stdout: dry.stdout.replaceAll("would remove", "removed") });
  const notes = ["candidates.json.zst", "finished.json", "lease.json"].map((name) => `packed/v1/gc/${name}`);
  expect(new Set(bucket.objects)).toEqual(new Set([bucket.keys.pack(packOf(entry)), ...notes]));
});

test("prints what projects share", async () => {
  using bucket = new StockedBucket();
  const entries = await bucket.pack(["std", "more"]);
  await bucket.run(entries, { platform: "plan 9", hasEnded: true });
  await bucket.run(entries, { platform: "plan 9", hasEnded: true, project: "example.com/b" });
  expect((await gc(bucket, "--prefix=team")).stdout).toContain("\nshared by projects on plan 9: 2 entries\n");
});
