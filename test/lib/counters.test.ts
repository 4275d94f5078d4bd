import { expect, test } from "bun:test";
import { Counters } from "../../src/lib/counters.ts";

test("counts by one or by an amount", () => {
  const counters = new Counters();
  counters.add("get");
  counters.add("get");
  counters.add("bytes", 40);
  expect([counters.get("get"), counters.get("bytes"), counters.get("never")]).toEqual([2, 40, 0]);
});

test("a snapshot has what was touched, by name", () => {
  const counters = new Counters();
  for (const name of ["put", "get", "put"]) counters.add(name);
  counters.add("lost", 0);
  counters.get("never");
  expect(JSON.stringify(counters.snapshot())).toBe('{"get":1,"lost":0,"put":2}');
});

test("those of a part count for the whole as well, and take its time", () => {
  const whole = new Counters();
  const times: string[] = [];
  whole.onTime = (name) => times.push(name);
  const part = new Counters(whole);
  whole.add("get", 2);
  part.add("get", 3);
  part.time("s3_get", performance.now());
  expect([whole.get("get"), part.get("get"), times]).toEqual([5, 3, ["s3_get"]]);
});
