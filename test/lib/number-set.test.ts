import { expect, test } from "bun:test";
import fc from "fast-check";
import { NumberSet } from "../../src/lib/number-set.ts";

const NUMBER = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(20),
  fc.nat(2 ** 21).map((high) => high * 2 ** 32),
);

test("a set knows which numbers it has, as a Set does, also where they differ in their upper bits alone", () => {
  fc.assert(
    fc.property(fc.array(NUMBER, { maxLength: 3_000 }), (numbers) => {
      const [set, model] = [new NumberSet(), new Set<number>()];
      for (const number of numbers) {
        expect(set.add(number)).toBe(!model.has(number));
        model.add(number);
      }
      expect(set.size).toBe(model.size);
    }),
    { numRuns: 50 },
  );
});

test("it grows beyond its first capacity", () => {
  const set = new NumberSet();
  for (let number = 0; number < 100_000; number++) set.add(number * 2 ** 21);
  expect([set.size, set.add(99_999 * 2 ** 21), set.add(1)]).toEqual([100_000, false, true]);
});

test("it can be emptied, and filled with more or less than before", () => {
  const set = new NumberSet();
  for (const count of [0, 10_000, 10, 5_000, 100_000]) {
    set.clear();
    expect(set.size).toBe(0);
    for (let number = 0; number < count; number++) expect(set.add(number)).toBe(true);
    expect(set.size).toBe(count);
  }
});
