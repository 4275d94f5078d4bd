import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { binaryPath } from "./binary.ts";
import { eventually } from "./eventually.ts";
import type { Machine } from "./machine.ts";

/**
 * Waits until no helper of this machine runs any more: a helper continues for a moment after go has its answer, to
 * record the used entries. Reads `/proc`: for Linux only.
 */
export async function settled(machine: Pick<Machine, "gocache">): Promise<void> {
  await eventually("no helper runs", () => helpersOf(machine).length === 0);
}

/** The process ids of the helpers of a machine. */
export function helpersOf({ gocache }: Pick<Machine, "gocache">): number[] {
  // Linux keeps fifteen bytes of a program's name.
  const name = basename(binaryPath()).slice(0, 15);
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isHelperOf(pid, name, gocache));
}

function isHelperOf(pid: number, name: string, gocache: string): boolean {
  try {
    if (readFileSync(`/proc/${pid}/comm`, "latin1").trimEnd() !== name) return false;
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`GOCACHE=${gocache}`);
  } catch {
    // It ended in this moment, or is another user's.
    return false;
  }
}
