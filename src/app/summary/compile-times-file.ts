import { readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { appendLines, MAX_LINES_BYTES } from "../../lib/files/line-file.ts";
import { withSmallFile } from "../../lib/files/small-file.ts";
import type { CompileTimes } from "../../remote/compile-times.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

/** Enough to distinguish actions. */
const KEY_DIGITS = 16;
const LINE = /^([0-9a-f]{16}) (\d{1,9})$/;
/** A larger file loses the older half of its lines. */
const FULL_BYTES = 4 << 20;

/**
 * How long compiling took on this machine, or on the machines that wrote the records it has read:
 * `state/compile-times`, a line for each action, `<first 16 digits of its id> <milliseconds>`; the last line of an
 * action counts. Any number of processes append at once. A line that is lost, or a file that can't be written, only
 * means that less time is known to be saved.
 */
export class CompileTimesFile implements CompileTimes {
  readonly #path: string;
  readonly #times = new Map<string, number>();
  /** How much of which file has been read. */
  #read = { ino: 0, bytes: 0 };

  /** `root`: the cache directory. */
  constructor(root: string) {
    this.#path = join(root, STATE_DIR, "compile-times");
  }

  current(): (actionId: string) => number | undefined {
    this.#refresh();
    return (actionId) => this.#times.get(keyOf(actionId));
  }

  learn(times: Iterable<readonly [actionId: string, ms: number]>): void {
    this.#refresh();
    this.#append([...times].filter(([actionId]) => !this.#times.has(keyOf(actionId))));
  }

  /** Adds times that this machine has measured itself, which replace known ones. */
  measured(times: readonly (readonly [actionId: string, ms: number])[]): void {
    this.#append(times);
  }

  #append(times: readonly (readonly [actionId: string, ms: number])[]): void {
    if (times.length === 0) return;
    const whole = times.map(([actionId, ms]) => [keyOf(actionId), Math.floor(ms)] as const);
    for (const [key, ms] of whole) this.#times.set(key, ms);
    const lines = whole.map(([key, ms]) => `${key} ${ms}`);
    try {
      appendLines(this.#path, lines, FULL_BYTES);
    } catch {
      // See above.
    }
  }

  /** Reads what other processes have appended. */
  #refresh(): void {
    try {
      withSmallFile(this.#path, MAX_LINES_BYTES, (fd, stat) => this.#readNew(fd, stat));
    } catch {
      // See above.
    }
  }

  #readNew(fd: number, { ino, size }: Stats): void {
    if (ino !== this.#read.ino) {
      this.#times.clear();
      this.#read = { ino, bytes: 0 };
    }
    const appended = Buffer.alloc(Math.max(0, size - this.#read.bytes));
    const count = readSync(fd, appended, 0, appended.length, this.#read.bytes);
    // The last line may not be whole yet.
    const end = appended.subarray(0, count).lastIndexOf(10) + 1;
    this.#read.bytes += end;
    for (const line of appended.toString("latin1", 0, end).split("\n")) {
      const [, key, ms] = LINE.exec(line) ?? [];
      if (key !== undefined) this.#times.set(key, Number(ms));
    }
  }
}

function keyOf(actionId: string): string {
  return actionId.slice(0, KEY_DIGITS);
}
