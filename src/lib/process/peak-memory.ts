import { readFileSync } from "node:fs";

/** The most memory that this process has had at once, in bytes. */
export function peakMemoryBytes(): number {
  return linuxPeakBytes() ?? process.resourceUsage().maxRSS * 1024;
}

/** The kernel's own count of the program; that of `getrusage` begins with what the parent had. */
function linuxPeakBytes(): number | undefined {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
