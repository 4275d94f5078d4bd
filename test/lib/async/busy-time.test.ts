import { expect, test } from "bun:test";
import { BusyTime } from "../../../src/lib/async/busy-time.ts";

test.each<[string, string, number]>([
  ["nothing", "", 0],
  ["one thing", "..(..)", 2],
  ["one after the other", "(.)..(..)", 3],
  ["side by side", "(.(...).)", 5],
  ["one within the other", "..((.).....)", 6],
  ["one that begins where another ended", "(..)(.)", 3],
  ["one that still runs", ".(.).(..", 3],
])("counts time once: %s", (_, course, total) => {
  let nowMs = 100;
  const busy = new BusyTime(() => nowMs);
  for (const step of course) {
    if (step === "(") busy.begin();
    else if (step === ")") busy.end();
    else nowMs++;
  }
  expect(busy.totalMs).toBe(total);
});
