/** A bucket that is a directory below a mount that is not there. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { idOf } from "../../support/ids.ts";
import { plainEnv } from "../../support/process.ts";
import { tempDir } from "../../support/temp-dir.ts";

test.each(["packed", "split"])("layout %s: look-ups miss, and one line says why", async (layout) => {
  await using dir = tempDir("missing-mount");
  const args = [
    `--cache-dir=${dir.join("cache")}`,
    `--bucket=file://${dir.join("mount", "bucket")}`,
    `--layout=${layout}`,
    "--read-only",
  ];
  await using client = await CacheprogClient.start({ args, env: plainEnv() });
  for (let action = 0; action < 4; action++)
    expect(await client.get(idOf(`action ${action}`))).toMatchObject({ Miss: true });
  const { exitCode, stderr } = await client.finish();
  expect([exitCode, stderr]).toEqual([
    0,
    expect.stringMatching(
      /^go-cache-plugin: remote cache file:\S+ disabled for now: there is no directory \S+, so a mount may be missing .*\n$/,
    ),
  ]);
  expect(existsSync(dir.join("mount"))).toBe(false);
});
