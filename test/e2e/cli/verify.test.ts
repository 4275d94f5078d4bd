import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { ACTION, HELLO, writeEntry } from "../../buildcache/local-fixture.ts";
import { packOf, StockedBucket } from "../../remote/packed/stocked-bucket.ts";
import { sha256Hex } from "../../support/ids.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { runProgram } from "./program.ts";

async function verify(cache: TempDir, ...flags: string[]) {
  return await runProgram(["verify", ...flags], { GOCACHE_DIR: cache.path });
}

describe("fails:", () => {
  test("--repair with --read-only", async () => {
    await using cache = tempDir("verify");
    const outcome = await verify(cache, "--bucket=file:///none", "--read-only", "--repair");
    expect(outcome).toMatchObject({ stdout: "", exitCode: 2 });
    expect(outcome.stderr).toContain("--repair removes from the bucket: run it without --read-only\n");
  });

  test("names wrong local files, and removes them only with --repair", async () => {
    await using cache = tempDir("verify");
    const dir = new LocalDir(cache.path);
    writeEntry(dir, { actionId: ACTION, outputId: HELLO, body: "hellp" });
    const found = [
      `${dir.path("output", HELLO)}: its bytes have the SHA-256 ${sha256Hex("hellp")}`,
      `${dir.path("action", ACTION)}: its output ${HELLO} is wrong`,
    ];
    const sums = `${cache.path}: 1 (5 B) outputs, 1 records\n`;
    expect(await verify(cache)).toEqual({
      stdout: `${found.join("\n")}\n${sums}2 wrong, 0 of them removed\n`,
      stderr: "",
      exitCode: 1,
    });
    expect(await verify(cache, "--repair")).toEqual({
      stdout: `${found.join("; removed\n")}; removed\n${sums}2 wrong, 2 of them removed\n`,
      stderr: "",
      exitCode: 0,
    });
    expect(existsSync(dir.path("output", HELLO))).toBe(false);
  });

  test("names a wrong pack and a wrong output of the split layout, likewise", async () => {
    await using cache = tempDir("verify");
    using bucket = new StockedBucket();
    const entries = await bucket.pack(["one"]);
    const key = bucket.keys.pack(packOf(entries[0]));
    await bucket.run(entries);
    await bucket.overwrite(key, Buffer.from("x"));
    const split = await bucket.put(`team/output/2c/${HELLO}`, Buffer.from("x"));
    const flags = [`--bucket=${bucket.store.name}`, "--prefix=team"];
    const what = `its bytes have the SHA-256 ${sha256Hex("x")}`;
    const sums = [
      `${cache.path}: 0 (0 B) outputs, 0 records`,
      `${bucket.store.name}/team/packed/v1/: 1 records, 0 (0 B) segments, 1 (1 B) packs, 1 outputs in them`,
      "split layout: 1 (1 B) outputs",
    ].join("\n");
    expect(await verify(cache, ...flags)).toEqual({
      stdout: `${key}: ${what}\n${split}: ${what}\n${sums}\n2 wrong, 0 of them removed\n`,
      stderr: "",
      exitCode: 1,
    });
    expect(await verify(cache, "--repair", ...flags)).toMatchObject({ exitCode: 0 });
    expect([bucket.has(key), bucket.has(split)]).toEqual([false, false]);
    const after = await verify(cache, ...flags);
    expect(after.exitCode).toBe(0);
    expect(after.stdout).toEndWith(
      "missing: 1 packs that segments name; lookups in them are misses\nnothing wrong\n",
    );
  });
});

test("a damaged segment is wrong, what is missing is not", async () => {
  await using cache = tempDir("verify");
  using bucket = new StockedBucket();
  const { key, ref } = await bucket.segment(await bucket.pack(["one"]));
  await bucket.runOf([ref]);
  await bucket.overwrite(key, Buffer.from("x"));
  const flags = [`--bucket=${bucket.store.name}`, "--prefix=team"];
  const repaired = await verify(cache, "--repair", ...flags);
  expect(repaired.stdout).toStartWith(`${key}: it can't be used: not a zstd frame of known size; removed\n`);
  const { stdout, exitCode } = await verify(cache, ...flags);
  expect(exitCode).toBe(0);
  expect(stdout).toEndWith(
    "missing: 1 segments that records name; lookups in them are misses\nnothing wrong\n",
  );
});

test("nothing wrong, without a bucket", async () => {
  await using cache = tempDir("verify");
  writeEntry(new LocalDir(cache.path), { actionId: ACTION, outputId: HELLO, body: "hello" });
  expect(await verify(cache, "--repair")).toEqual({
    stdout: `${cache.path}: 1 (5 B) outputs, 1 records\nnothing wrong\n`,
    stderr: "",
    exitCode: 0,
  });
});
