import { expect, test } from "bun:test";
import { planRewrite, type RewriteCandidate } from "../../../../src/remote/packed/write/plan-rewrite.ts";

function segments(count: number, rows: number, neededRows = rows): RewriteCandidate[] {
  return Array.from({ length: count }, (_, n) => ({ id: `${rows} ${n}`, rows, neededRows }));
}

test.each([
  ["eight of each size", [...segments(8, 10), ...segments(8, 300), ...segments(8, 3_000)]],
  ["any number of large ones", segments(40, 16_384)],
  ["one that is half used", segments(1, 100, 50)],
  ["none", []],
])("%s stay as they are", (_, candidates) => {
  expect(planRewrite(candidates).size).toBe(0);
});

test("nine small ones are merged, and others of another size are left alone", () => {
  expect(planRewrite([...segments(9, 255), ...segments(3, 256)])).toEqual(
    new Set(segments(9, 255).map(({ id }) => id)),
  );
});

test("one that is used by less than half is written anew, whatever its size", () => {
  expect(planRewrite([...segments(1, 30_000, 14_999), ...segments(2, 10)])).toEqual(new Set(["30000 0"]));
});

test("an entry is written anew a few times in its life, however many sessions add ten of them", () => {
  let rows: number[] = [];
  let written = 0;
  const sessions = 4_000;
  for (let n = 0; n < sessions; n++) {
    rows.push(10);
    const candidates = rows.map((count, at) => ({ id: `${at}`, rows: count, neededRows: count }));
    const planned = planRewrite(candidates);
    const merged = candidates.filter(({ id }) => planned.has(id)).reduce((sum, each) => sum + each.rows, 0);
    written += merged;
    rows = [...rows.filter((_, at) => !planned.has(`${at}`)), ...(merged > 0 ? [merged] : [])];
  }
  expect(written / (10 * sessions)).toBeLessThan(5);
  expect(rows.length).toBeLessThanOrEqual(30);
});
