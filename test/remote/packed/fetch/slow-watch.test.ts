import { expect, test } from "bun:test";
import { SlowWatch } from "../../../../src/remote/packed/fetch/slow-watch.ts";

/** Looks as often as in a minute, and returns after how many seconds it was too slow; `undefined`: it was not. */
function slowAfter(options: {
  bytesPerSecond: number;
  graceMs?: number;
  isWaiting?: (second: number) => boolean;
}): number | undefined {
  const { bytesPerSecond, graceMs = 10_000, isWaiting = () => true } = options;
  let looks = 0;
  let slow: number | undefined;
  using watch = new SlowWatch({
    isWaiting: () => isWaiting(looks / 4),
    receivedBytes: () => (bytesPerSecond * looks) / 4,
    graceMs,
    onSlow: () => {
      slow ??= looks / 4;
    },
  });
  while (looks < 240) {
    looks++;
    watch.look();
  }
  return slow;
}

test("a line that trickles is too slow once an answer may have taken as long", () => {
  expect(slowAfter({ bytesPerSecond: 1_000 })).toBe(10.25);
  expect(slowAfter({ bytesPerSecond: 0, graceMs: 1_000 })).toBe(1.25);
});

test("a line of 500 KB a second is not; one of 400 is, after a while", () => {
  expect(slowAfter({ bytesPerSecond: 500_000 })).toBeUndefined();
  expect(slowAfter({ bytesPerSecond: 400_000 })).toBeGreaterThan(40);
});

test("time in which the disk is waited for, or nothing at all, does not count", () => {
  expect(slowAfter({ bytesPerSecond: 1_000, isWaiting: () => false })).toBeUndefined();
  expect(slowAfter({ bytesPerSecond: 1_000, isWaiting: (second) => second > 20 })).toBe(30.25);
});
