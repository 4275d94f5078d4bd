/** A directory of tailscale/go-cache-plugin can be used unchanged. */
import { expect, test } from "bun:test";
import { cpSync, readFileSync, statSync } from "node:fs";
import { filesBelow } from "../support/file-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, EMPTY, fixturePath, HELLO, openLocal, putOutput } from "./local-fixture.ts";

const ACTIONS = {
  [ACTION]: { outputId: HELLO, sizeBytes: 5 },
  "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d": { outputId: EMPTY, sizeBytes: 0 },
};

test.each(Object.entries(ACTIONS))(
  "the action %s of tailscale/go-cache-plugin is a hit",
  (actionId, record) => {
    using dir = tempDir("seed");
    cpSync(fixturePath("seed-cache"), dir.path, { recursive: true });
    const { dir: localDir, local } = openLocal(dir.path);
    const putTimeMs = statSync(localDir.path("action", actionId)).mtimeMs;
    const path = localDir.path("output", record.outputId);
    expect(local.get(actionId)).toEqual({ actionId, ...record, putTimeMs, path });
  },
);

test("this program writes the same files for the same entries", () => {
  using dir = tempDir("seed");
  const { local } = openLocal(dir.path);
  putOutput(local, HELLO, "hello");
  putOutput(local, EMPTY, "");
  for (const [actionId, record] of Object.entries(ACTIONS)) local.putRecord(actionId, record);
  const seed = fixturePath("seed-cache");
  expect(filesBelow(dir.path)).toEqual(filesBelow(seed));
  for (const name of filesBelow(seed)) {
    expect(readFileSync(dir.join(name), "latin1")).toBe(readFileSync(`${seed}/${name}`, "latin1"));
  }
});
