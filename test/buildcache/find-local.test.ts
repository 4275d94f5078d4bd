import { expect, test } from "bun:test";
import { findLocally } from "../../src/buildcache/find-local.ts";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ACTION, HELLO, writeAged, writeEntry } from "./local-fixture.ts";

const NONE = { actions: [], outputs: [] };

test("finds nothing in an empty directory", async () => {
  await using temp = tempDir("find-local");
  expect(findLocally(new LocalDir(temp.join("none")), ACTION)).toEqual(NONE);
});

test("finds actions and outputs by the first digits of their ids", async () => {
  await using temp = tempDir("find-local");
  const dir = new LocalDir(temp.path);
  writeEntry(dir, { actionId: ACTION, outputId: HELLO, body: "hello" });
  const action = {
    path: dir.path("action", ACTION),
    record: { outputId: HELLO, sizeBytes: 5 },
    outputPath: dir.path("output", HELLO),
    isWhole: true,
  };
  for (const id of [ACTION, ACTION.slice(0, 8)]) {
    expect(findLocally(dir, id)).toEqual({ actions: [action], outputs: [] });
  }
  expect(findLocally(dir, HELLO.slice(0, 9))).toMatchObject({
    actions: [],
    outputs: [{ path: dir.path("output", HELLO), sizeBytes: 5 }],
  });
  expect(findLocally(dir, `${ACTION.slice(0, 8)}1`)).toEqual(NONE);
});

test("reports missing outputs and unreadable records", async () => {
  await using temp = tempDir("find-local");
  const dir = new LocalDir(temp.path);
  writeAged(dir.path("action", ACTION), `${HELLO} 5\n`);
  const bad = `00${"1".repeat(62)}`;
  writeAged(dir.path("action", bad), "nonsense");
  expect(
    new Set(findLocally(dir, "00").actions.map(({ record, isWhole }) => `${record?.outputId} ${isWhole}`)),
  ).toEqual(new Set([`${HELLO} false`, "undefined false"]));
});
