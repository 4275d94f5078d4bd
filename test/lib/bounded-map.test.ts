import { expect, test } from "bun:test";
import { BoundedMap } from "../../src/lib/bounded-map.ts";

test("above its size the oldest entry goes; one set again is new", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([3, undefined, 4]);
});

test("what is deleted makes room", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.delete("b");
  map.set("c", 3);
  expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([1, undefined, 3]);
});

test("what matches is deleted, and makes room", () => {
  const map = new BoundedMap<string, number>(3);
  for (const [n, name] of ["a", "b", "c"].entries()) map.set(name, n);
  map.deleteWhere((value) => value !== 1);
  map.set("d", 4);
  map.set("e", 5);
  expect(["a", "b", "c", "d", "e"].map((key) => map.get(key))).toEqual([undefined, 1, undefined, 4, 5]);
});
