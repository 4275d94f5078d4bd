import { expect, test } from "bun:test";
import { Counters } from "../../src/lib/counters.ts";

test("counts by one or by an amount", () => {
  const counters = new Counters();
  counters.add("get");
  counters.add("get");
  counters.add("bytes", 40);
  expect([counters.get("get"), counters.get("bytes"), counters.get("never")]).toEqual([2, 40, 0]);
});

test("what one session counts is in the sum of all as well", () => {
  const all = new Counters();
  all.add("get");
  const session = new Counters(all);
  session.add("get", 2);
  expect([session.get("get"), all.get("get")]).toEqual([2, 3]);
});

test("a snapshot has what was touched, by name", () => {
  const counters = new Counters();
  for (const name of ["put", "get", "put"]) counters.add(name);
  counters.add("lost", 0);
  counters.get("never");
  expect(JSON.stringify(counters.snapshot())).toBe('{"get":1,"lost":0,"put":2}');
});
