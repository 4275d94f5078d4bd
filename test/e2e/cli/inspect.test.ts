import { describe, expect, test } from "bun:test";
import { compareUtf8 } from "../../../src/lib/text/compare-utf8.ts";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { entryOf, HOUR_MS, packOf, StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

async function inspect(bucket: StockedBucket, ...flags: string[]) {
  await using cache = tempDir("inspect");
  const args = ["inspect", `--bucket=${bucket.store.name}`, "--prefix=team", ...flags];
  return await runProgram(args, { GOCACHE_DIR: cache.path });
}

describe("fails:", () => {
  test.each([
    [["--bucket="], '"inspect" needs a bucket: set --bucket or GOCACHE_S3_BUCKET'],
    [["0123"], 'ID: "0123" is not 8 to 64 hex digits'],
    [["00112233", "44556677"], 'unexpected argument "44556677" after "inspect"'],
    [["00112233", "--entries=x"], "give either ID or --entries"],
    [["--dry-run"], '--dry-run is a flag of "mtimes" and "gc" only'],
  ])("%j", async (flags, message) => {
    using bucket = new StockedBucket();
    const outcome = await inspect(bucket, ...flags);
    expect(outcome).toMatchObject({ stdout: "", exitCode: 2 });
    expect(outcome.stderr).toStartWith(`go-cache-plugin: ${message}\n`);
  });

  test("an unknown id: exit code 1", async () => {
    using bucket = new StockedBucket();
    expect(await inspect(bucket, "0123ABCD")).toEqual({
      stdout: "no action or output starts with 0123abcd, neither in the bucket nor in the local cache\n",
      stderr: "",
      exitCode: 1,
    });
  });
});

test("an empty bucket", async () => {
  using bucket = new StockedBucket();
  expect(await inspect(bucket)).toEqual({
    stdout: `${bucket.store.name}/team/packed/v1/
records: 0 of runs, 0 of additions, 0 shared
segments: 0 (0 B); named by no record: 0 (0 B)
packs: 0 (0 B), used by newest runs: -; named by no record: 0 (0 B)
`,
    stderr: "",
    exitCode: 0,
  });
});

test("a table of scopes, also with unusual names", async () => {
  using bucket = new StockedBucket();
  const [wanted] = (await bucket.pack(["wanted", "other"])) as [PackedEntry];
  await bucket.run([wanted], { ageMs: 5 * HOUR_MS });
  await bucket.run([], { branch: "../\u001b[2J%\u202e", job: "a b 🚀" });
  await bucket.overwrite(await bucket.addition([]), Buffer.from("x"));
  const { stdout } = await inspect(bucket);
  expect(stdout.replaceAll(/new\/\S+/g, "new/…")).toBe(`${bucket.store.name}/team/packed/v1/
CACHE  PLATFORM              PROJECT        BRANCH               JOB     RUNS  COMPLETE  ENTRIES  PACKS  SIZE  USED  NEWEST
build  linux_amd64_go1.26.3  example.com/a  ../\\u001b[2J%\\u202e  a b 🚀  1     0         0        0      0 B   -     now
build  linux_amd64_go1.26.3  example.com/a  main                 test    1     0         1        1      29 B  52%   5h
records: 2 of runs, 1 of additions, 0 shared
segments: 0 (0 B); named by no record: 0 (0 B)
packs: 1 (29 B), used by newest runs: 52%; named by no record: 0 (0 B)
unreadable: team/packed/v1/new/… not a zstd frame of known size
`);
});

test("the same as JSON, safe to show", async () => {
  using bucket = new StockedBucket();
  await bucket.run([], { branch: "\u009b2J" });
  const { stdout } = await inspect(bucket, "--json");
  expect(stdout).not.toContain("\u009b");
  expect(JSON.parse(stdout)).toMatchObject({
    scopes: [{ cache: "build", branch: "\u009b2J", runs: 1 }],
    totals: { runRecords: 1, packs: { count: 0, sizeBytes: 0 } },
  });
});

test("where an action is stored", async () => {
  using bucket = new StockedBucket();
  const [entry] = (await bucket.pack(["one"])) as [PackedEntry];
  const empty = { ...entryOf(""), actionId: entry.actionId };
  const record = await bucket.run([entry, empty]);
  const id = entry.actionId.slice(0, 10);
  const put = "put 2023-11-14T22:13:20.000Z";
  expect(await inspect(bucket, id)).toEqual({
    stdout: `action ${entry.actionId}
  output ${entry.outputId}, 3 bytes, ${put}
  pack ${bucket.keys.pack(packOf(entry))}, offset 0, length ${entry.place?.length}
  in ${record}
action ${entry.actionId}
  output ${empty.outputId}, 0 bytes, ${put}
  empty, not stored
  in ${record}
`,
    stderr: "",
    exitCode: 0,
  });
  const json = JSON.parse((await inspect(bucket, "--json", entry.outputId)).stdout);
  expect(json).toMatchObject({
    inBucket: [{ actionId: entry.actionId, place: { isThere: true, offset: 0 } }],
  });
});

test("the entries of a segment and of a record, a line of JSON each", async () => {
  using bucket = new StockedBucket();
  const entries = (await bucket.pack(["one", "two"])) as [PackedEntry, PackedEntry];
  const { segment, ref } = await bucket.segment(entries);
  const record = await bucket.runOf([ref]);
  const { stdout, stderr, exitCode } = await inspect(bucket, `--entries=${segment.id}`);
  expect([stderr, exitCode]).toEqual(["", 0]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ action, bytes }) => [action, bytes])).toEqual(
    entries
      .map(({ actionId }) => actionId)
      .toSorted(compareUtf8)
      .map((id) => [id, 3]),
  );
  const used = await inspect(bucket, `--entries=${record}`);
  expect(used.stdout).toBe(stdout.replaceAll("}\n", ',"used":true}\n'));
  await bucket.remove(bucket.keys.segment(segment.id));
  expect(await inspect(bucket, "--entries", record)).toEqual({
    stdout: "",
    stderr: `segment ${segment.id}: the bucket has no such segment\n`,
    exitCode: 1,
  });
  expect(await inspect(bucket, "--entries=run/none.json.zst")).toEqual({
    stdout: "",
    stderr: "the bucket has no segment or record run/none.json.zst\n",
    exitCode: 1,
  });
});
