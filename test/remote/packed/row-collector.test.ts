import { expect, test } from "bun:test";
import { Claims } from "../../../src/remote/packed/fetch/claims.ts";
import { collectRow } from "../../../src/remote/packed/row-collector.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const PROJECT = "0123456789abcdef";
const CLAIM = `row-${PROJECT}`;

/** Collects what is left, look by look; returns what was done, in order. */
async function collect(dir: TempDir, left: boolean[], claims = new Claims(dir.path)): Promise<string[]> {
  const done: string[] = [];
  await collectRow({
    claims,
    project: PROJECT,
    adopt: () => {
      done.push("look");
      return left.shift() ?? false;
    },
    store: async () => {
      done.push("store");
    },
    pause: async () => {
      done.push("pause");
    },
  });
  return done;
}

test("one helper goes on for as long as more is left, and then gives way", async () => {
  using dir = tempDir("row");
  const done = await collect(dir, [true, false, true]);
  expect(done.filter((what) => what !== "pause")).toEqual([
    "look",
    "store",
    "look",
    "look",
    "store",
    "look",
    "look",
    "look",
  ]);
  expect(new Claims(dir.path).take(CLAIM)).toBe(true);
});

test("others leave it to that one", async () => {
  using dir = tempDir("row");
  const other = new Claims(dir.path);
  other.take(CLAIM);
  expect(await collect(dir, [true])).toEqual([]);
  other.releaseAll();
});

test("a helper that collects for another project is no reason to leave it", async () => {
  using dir = tempDir("row");
  const other = new Claims(dir.path);
  other.take("row-fedcba9876543210");
  expect(await collect(dir, [true])).toContain("store");
  other.releaseAll();
});

test("what was left just before the end is stored as well", async () => {
  using dir = tempDir("row");
  const done = await collect(dir, [false, false, true]);
  expect(done.filter((what) => what !== "pause")).toEqual(["look", "look", "look", "store"]);
});
