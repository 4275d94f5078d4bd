import { expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { notePruned, prunedActions } from "../../../src/app/cache-dir/pruned-actions.ts";
import { tempDir } from "../../support/temp-dir.ts";

const id = (n: number) => n.toString(16).padStart(16, "0").padEnd(64, "f");

test("remembers what several prunings have removed", () => {
  using dir = tempDir("pruned");
  notePruned(dir.path, [id(1), id(2)]);
  notePruned(dir.path, [id(3)]);
  const isPruned = prunedActions(dir.path);
  expect([1, 2, 3, 4].map((n) => isPruned(id(n)))).toEqual([true, true, true, false]);
});

test("forgets the oldest beyond half a megabyte", () => {
  using dir = tempDir("pruned");
  notePruned(dir.path, [id(1)]);
  notePruned(
    dir.path,
    Array.from({ length: 65_536 }, (_, n) => id(n + 2)),
  );
  expect(statSync(dir.join("state", "pruned")).size).toBe(512 << 10);
  expect([1, 2, 65_537].map((n) => prunedActions(dir.path)(id(n)))).toEqual([false, true, true]);
});

test("knows nothing where nothing can be written or read", () => {
  using dir = tempDir("pruned");
  writeFileSync(dir.join("file"), "");
  notePruned(dir.join("file"), [id(1)]);
  expect(prunedActions(dir.join("file"))(id(1))).toBe(false);
});
