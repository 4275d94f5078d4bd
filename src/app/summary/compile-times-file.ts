import { readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { appendLines, MAX_LINES_BYTES } from "../../lib/files/line-file.ts";
import { withSmallFile } from "../../lib/files/small-file.ts";
import type { CompileTimes } from "../../remote/compile-times.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";

const LINE_DIGITS = 16;
/** Enough to distinguish actions, and a whole number, which takes a tenth of a text. */
const KEY_DIGITS = 13;
const LINE = /^([0-9a-f]{16}) (\d{1,9})$/;
/** Older times are forgotten. */
const MAX_TIMES = 50_000;
/** When that many are known, a call learns so few, so that the file is not written anew over and over. */
const LEARNED_WHEN_FULL = 500;
/** A larger file loses the older half of its lines; it has room for `MAX_TIMES`, twice. */
const FULL_BYTES = 2_200_000;

/**
 * How long compiling took on this machine, or on the machines that wrote the records it has read:
 * `state/compile-times`, a line for each action, `<first 16 digits of its id> <milliseconds>`; the last line of an
 * action counts. Any number of processes append at once. A line that is lost, or a file that can't be written, only
 * means that less time is known to be saved.
 */
export class CompileTimesFile implements CompileTimes {
  readonly #path: string;
  #times = new BoundedMap<number, number>(MAX_TIMES);
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
    const room = Math.max(MAX_TIMES - this.#times.size, LEARNED_WHEN_FULL);
    const learned: (readonly [actionId: string, ms: number])[] = [];
    for (const time of times) {
      if (learned.length === room) break;
      if (this.#times.get(keyOf(time[0])) === undefined) learned.push(time);
    }
    this.#append(learned);
  }

  /** Adds times that this machine has measured itself, which replace known ones. */
  measured(times: readonly (readonly [actionId: string, ms: number])[]): void {
    this.#append(times);
  }

  #append(times: readonly (readonly [actionId: string, ms: number])[]): void {
    if (times.length === 0) return;
    for (const [actionId, ms] of times) this.#times.set(keyOf(actionId), Math.floor(ms));
    const lines = times.map(([actionId, ms]) => `${actionId.slice(0, LINE_DIGITS)} ${Math.floor(ms)}`);
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
      this.#times = new BoundedMap(MAX_TIMES);
      this.#read = { ino, bytes: 0 };
    }
    const appended = Buffer.alloc(Math.max(0, size - this.#read.bytes));
    const count = readSync(fd, appended, 0, appended.length, this.#read.bytes);
    // The last line may not be whole yet.
    const end = appended.subarray(0, count).lastIndexOf(10) + 1;
    this.#read.bytes += end;
    for (const line of appended.toString("latin1", 0, end).split("\n")) {
      const [, id, ms] = LINE.exec(line) ?? [];
      if (id !== undefined) this.#times.set(keyOf(id), Number(ms));
    }
  }
}

function keyOf(actionId: string): number {
  return Number.parseInt(actionId.slice(0, KEY_DIGITS), 16);
}
