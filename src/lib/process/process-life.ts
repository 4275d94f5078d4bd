/** Whether the process that wrote something is still there. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { isErrno } from "../files/errno.ts";

const STATE_FIELD = 3;
const START_FIELD = 22;
/** It has ended, and its parent has not waited for it: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const ENDED_STATES = ["Z", "X"];

/** Where a process number means something: this machine, this boot, this container. */
export function pidSpace(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    // A new pid namespace may get the number of an ended one, but its first process has another start time.
    return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")} ${processStart(1)}`;
  } catch {
    return hostname();
  }
}

/** Whether a process of this pid space runs; a zombie does not. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (isErrno(error, "ESRCH")) return false;
  }
  // If a container's first process reaps no children, a killed one keeps its number forever.
  const state = statField(pid, STATE_FIELD);
  return state === undefined || !ENDED_STATES.includes(state);
}

/**
 * When a process began, as a text to compare: two processes that had the same number differ in it. `undefined`: it is
 * gone, or this system does not say.
 */
export function processStart(pid: number): string | undefined {
  return statField(pid, START_FIELD);
}

/** A field of `/proc/<pid>/stat`, by its number in the manual; from the third one on. */
function statField(pid: number, field: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything. The field after it is the third.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[field - 3];
  } catch {
    return undefined;
  }
}
