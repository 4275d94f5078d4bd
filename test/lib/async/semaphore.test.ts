import { expect, test } from "bun:test";
import { Semaphore } from "../../../src/lib/async/semaphore.ts";

/** An action that runs until it is told to end, and what has begun so far. */
function actions(): {
  begun: number[];
  action: (n: number) => () => Promise<number>;
  end: (n: number) => void;
} {
  const begun: number[] = [];
  const ends = new Map<number, PromiseWithResolvers<void>>();
  const endOf = (n: number) => {
    const end = ends.get(n) ?? Promise.withResolvers<void>();
    ends.set(n, end);
    return end;
  };
  return {
    begun,
    action: (n) => async () => {
      begun.push(n);
      await endOf(n).promise;
      return n;
    },
    end: (n) => endOf(n).resolve(),
  };
}

test("runs as many as the limit at once, the others in order", async () => {
  const semaphore = new Semaphore(2);
  const { begun, action, end } = actions();
  const results = [1, 2, 3, 4].map((n) => semaphore.run(action(n)));
  expect(begun).toEqual([1, 2]);
  end(2);
  await results[1];
  await Promise.resolve();
  expect(begun).toEqual([1, 2, 3]);
  for (const n of [1, 3, 4]) end(n);
  expect(await Promise.all(results)).toEqual([1, 2, 3, 4]);
  expect(begun).toEqual([1, 2, 3, 4]);
});

test("gives its place on when an action rejects or throws", async () => {
  const semaphore = new Semaphore(1);
  const failed = [
    semaphore.run(() => Promise.reject(new Error("rejected"))),
    semaphore.run(() => {
      throw new Error("thrown");
    }),
  ];
  const last = semaphore.run(async () => "ran");
  const settled = await Promise.allSettled(failed);
  expect(settled.map((result) => result.status === "rejected" && String(result.reason))).toEqual([
    "Error: rejected",
    "Error: thrown",
  ]);
  expect(await last).toBe("ran");
});

test("never runs more than the limit when actions end and begin in turn", async () => {
  const semaphore = new Semaphore(3);
  let running = 0;
  let most = 0;
  const action = async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
  };
  await Promise.all(Array.from({ length: 50 }, () => semaphore.run(action)));
  expect([most, running]).toEqual([3, 0]);
});
