import { expect, test } from "bun:test";
import fc from "fast-check";
import { flood, type Mutation, mutate, mutation } from "./mutation.ts";

const STOCK = { recordings: [Buffer.from("other recording")], words: ["WORD"] };
const changed = (...mutations: Mutation[]) =>
  mutate(Buffer.from("abc 123 def"), mutations, STOCK).toString("latin1");

test.each<[string, Mutation]>([
  ["bbc 123 def".replace("b", "c"), { kind: "flip", at: 0, bit: 1 }],
  ["aXbc 123 def", { kind: "insert", at: 1, bytes: Buffer.from("X") }],
  ["abcWORD 123 def", { kind: "word", at: 3, word: 7 }],
  ["123 def", { kind: "delete", at: 0, length: 4 }],
  ["abcabcabc 123 def", { kind: "duplicate", at: 0, length: 3, times: 2 }],
  ["othe123 def", { kind: "splice", at: 0, other: 0, from: 0, length: 4 }],
  ["abc", { kind: "truncate", at: 3 }],
  ["def 123 abc", { kind: "swap", at: 0, with: 8, length: 3 }],
  ["abc \x7f23 def", { kind: "binary", at: 4, number: 6, width: 1, isLittle: true }],
  ["abc 65536 def", { kind: "digits", at: 2, number: 16 }],
])("makes %j", (expected, change) => {
  expect(changed(change)).toBe(expected);
});

test("applies many mutations in a row", () => {
  expect(changed({ kind: "truncate", at: 3 }, { kind: "word", at: 0, word: 0 })).toBe("WORDabc");
});

test("no result exceeds a megabyte, and each has its own memory", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 50 }),
      fc.array(fc.oneof({ weight: 9, arbitrary: mutation }, { weight: 1, arbitrary: flood }), {
        maxLength: 6,
      }),
      (bytes, changes) => {
        const found = mutate(bytes, changes, STOCK);
        expect(found.length).toBeLessThanOrEqual(1 << 20);
        expect(found.buffer.byteLength).toBe(found.length);
      },
    ),
  );
});

test("the same seed makes the same mutations", () => {
  const sample = (seed: number) => fc.sample(mutation, { seed, numRuns: 20 });
  expect(sample(7)).toEqual(sample(7));
  expect(sample(7)).not.toEqual(sample(8));
});
