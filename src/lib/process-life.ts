/** Whether the process that wrote something is still there. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

const START_FIELD = 22;

/** Where a process number means something: this machine, this boot, this container. */
export function pidSpace(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** Whether a process of this pid space runs. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * When a process began, as a text to compare: two processes that had the same number differ in it. `undefined`: it is
 * gone, or this system does not tell. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything. Ticks since the boot are field 22; the one after the name is field 3.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_FIELD - 3];
  } catch {
    return undefined;
  }
}
