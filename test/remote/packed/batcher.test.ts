import { expect, test } from "bun:test";
import { runBatcher } from "../../../src/remote/packed/batcher.ts";
import { Claims } from "../../../src/remote/packed/fetch/claims.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const PROJECT = "0123456789abcdef";
const CLAIM = `row-${PROJECT}`;

/** Runs a batcher. `left`: whether each round finds journals. Returns its steps in order. */
async function collect(dir: TempDir, left: boolean[], claims = new Claims(dir.path)): Promise<string[]> {
  const done: string[] = [];
  await runBatcher({
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

test("a batcher runs until no journals arrive, then releases its claim", async () => {
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

test("only one batcher runs at a time", async () => {
  using dir = tempDir("row");
  const other = new Claims(dir.path);
  other.take(CLAIM);
  expect(await collect(dir, [true])).toEqual([]);
  other.releaseAll();
});

test("batchers of other projects do not matter", async () => {
  using dir = tempDir("row");
  const other = new Claims(dir.path);
  other.take("row-fedcba9876543210");
  expect(await collect(dir, [true])).toContain("store");
  other.releaseAll();
});

test("a journal that arrives just before the release is uploaded, too", async () => {
  using dir = tempDir("row");
  const done = await collect(dir, [false, false, true]);
  expect(done.filter((what) => what !== "pause")).toEqual(["look", "look", "look", "store"]);
});
