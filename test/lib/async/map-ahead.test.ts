import { expect, test } from "bun:test";
import { mapAhead } from "../../../src/lib/async/map-ahead.ts";
import { rejection } from "../../support/rejection.ts";

test("rejects with the first failure in order, and later ones are not unhandled", async () => {
  const seen: number[] = [];
  const reading = async () => {
    for await (const n of mapAhead([1, 2, 3, 4], 3, async (n) => {
      if (n > 1) throw new Error(`no ${n}`);
      return n;
    }))
      seen.push(n);
  };
  expect(await rejection(reading())).toEqual(new Error("no 2"));
  expect(seen).toEqual([1]);
});

test("yields in order whatever is ready first", async () => {
  const doors = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const results = Array.fromAsync(
    mapAhead([0, 1, 2], 3, async (i) => {
      await doors[i]?.promise;
      return i;
    }),
  );
  for (const door of doors.toReversed()) door.resolve();
  expect(await results).toEqual([0, 1, 2]);
});

test("runs no more than the limit at once, and starts none that the reader is far from", async () => {
  const doors = Array.from({ length: 9 }, () => Promise.withResolvers<void>());
  const started: number[] = [];
  const results = mapAhead(doors.keys(), 3, async (i) => {
    started.push(i);
    await doors[i]?.promise;
    return i;
  });
  doors[0]?.resolve();
  expect([(await results.next()).value, started]).toEqual([0, [0, 1, 2]]);
  doors[1]?.resolve();
  expect([(await results.next()).value, started]).toEqual([1, [0, 1, 2, 3]]);
});

test("takes items that come over time, and none", async () => {
  async function* items() {
    yield 1;
    yield 2;
  }
  expect(await Array.fromAsync(mapAhead(items(), 1, async (n) => n * 2))).toEqual([2, 4]);
  expect(await Array.fromAsync(mapAhead([], 5, async (n) => n))).toEqual([]);
});
