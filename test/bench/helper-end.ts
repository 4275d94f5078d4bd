import { readFileSync } from "node:fs";
import type { Machine } from "../support/machine.ts";
import { helpersOf } from "../support/settled.ts";

export interface HelperEnd {
  /** How long helpers ran after go. */
  lingerSeconds: number;
  /** The largest peak resident memory of a helper, among those that were still running. */
  peakBytes: number;
}

/**
 * Waits until no helper of `machine` runs any more, so that they don't disturb the next measurement. Only on Linux;
 * elsewhere nothing is known of them.
 */
export async function helperEnd(machine: Machine): Promise<HelperEnd> {
  if (process.platform !== "linux") return { lingerSeconds: 0, peakBytes: 0 };
  const startedMs = performance.now();
  let endedMs = startedMs;
  let peakBytes = 0;
  for (let pids = helpersOf(machine); pids.length > 0; pids = helpersOf(machine)) {
    peakBytes = Math.max(peakBytes, ...pids.map(peakOf));
    await Bun.sleep(2);
    endedMs = performance.now();
  }
  return { lingerSeconds: (endedMs - startedMs) / 1000, peakBytes };
}

/** The peak resident memory (VmHWM) of a process; 0 when it has ended. */
export function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
