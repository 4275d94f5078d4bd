/** Replaces what the runtime decides: timers and clocks by a timeline, random names by a seed, threads by none. */
import { randomOf } from "../faults/random.ts";
import type { Timeline } from "./timeline.ts";

/** A timer as the product sees it. */
interface Timer {
  isCancelled: boolean;
  unref(): Timer;
}

/** Until disposed of. Only one may be in use. */
export function simulateRuntime(timeline: Timeline, seed: number): Disposable {
  const before = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    dateNow: Date.now,
    performanceNow: performance.now,
    randomUUID: crypto.randomUUID,
    zstdCompress: Bun.zstdCompress,
    zstdDecompress: Bun.zstdDecompress,
    gc: Bun.gc,
  };
  const random = randomOf(seed, "names");
  const digits = (count: number) =>
    Array.from({ length: count }, () => Math.floor(16 * random()).toString(16)).join("");
  Object.assign(globalThis, {
    setTimeout: (action: () => void, ms = 0) => startTimer(timeline, action, ms),
    clearTimeout: (timer: Timer | undefined) => {
      if (timer !== undefined) timer.isCancelled = true;
    },
  });
  Date.now = () => timeline.nowMs;
  performance.now = () => timeline.nowMs;
  crypto.randomUUID = () => `${digits(8)}-${digits(4)}-${digits(4)}-${digits(4)}-${digits(12)}`;
  // Threads would end in any order.
  Bun.zstdCompress = async (bytes, options) => Bun.zstdCompressSync(bytes, options);
  Bun.zstdDecompress = async (bytes) => Bun.zstdDecompressSync(bytes);
  // The collections that bound the memory of a short process only cost time here.
  Bun.gc = () => 0;
  return {
    [Symbol.dispose]() {
      const { setTimeout, clearTimeout, dateNow, performanceNow, randomUUID, ...bun } = before;
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = dateNow;
      performance.now = performanceNow;
      crypto.randomUUID = randomUUID;
      Object.assign(Bun, bun);
    },
  };
}

function startTimer(timeline: Timeline, action: () => void, ms: number): Timer {
  const timer: Timer = { isCancelled: false, unref: () => timer };
  // A timer that is not reached in the longest simulation need not be kept.
  if (ms > 400 * 24 * 3_600_000) return timer;
  timeline.after(ms, () => {
    if (!timer.isCancelled) action();
  });
  return timer;
}
