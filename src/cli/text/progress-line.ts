/** One line on a terminal that says what is being done, for as long as it is; nothing anywhere else. */

import type { OnProgress, Progress, WatchProgress } from "../../lib/progress.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import type { Environment } from "../options/settings.ts";
import { writePassing } from "../output.ts";
import { stderrColumns } from "./terminal.ts";

/** What is over sooner needs no line. */
const QUIET_MS = 1_000;
const INTERVAL_MS = 200;
const CLEAR = "\r\u001b[K";

/** Where a line is shown. */
export interface Screen {
  /** `undefined`: nowhere. Asked once, when there is something to show. */
  columns: () => number | undefined;
  write: (text: string) => void;
  now: () => number;
}

export class ProgressLine implements Disposable {
  readonly #screen: Screen;
  readonly #startedMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #columns: number | undefined | "unknown" = "unknown";
  #read: (() => Progress) | undefined;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#startedMs = screen.now();
    this.#timer = setInterval(() => this.#draw(), INTERVAL_MS).unref();
  }

  /** On stderr; on a terminal that a CI has made for its log nothing is shown either. */
  static open(env: Environment): ProgressLine {
    const isWanted = env.TERM !== "dumb" && (!env.CI || env.CI === "false");
    const line: ProgressLine = new ProgressLine({
      columns: () => (isWanted ? stderrColumns() : undefined),
      write: (text) => writePassing(text, () => line.clear()),
      now: () => performance.now(),
    });
    return line;
  }

  /** To be handed on as it is. */
  readonly update: OnProgress = (progress) => {
    this.#read = () => progress;
    // Work that lets no timer run has to be seen as well.
    this.#draw();
  };

  /** From now on what `read` says. */
  follow(read: () => Progress): void {
    this.#read = read;
  }

  /** Takes it away; it comes back when there is more to say. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#screen.write(CLEAR);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#read = undefined;
    this.clear();
  }

  #draw(): void {
    const now = this.#screen.now();
    const isDue = now - this.#startedMs >= QUIET_MS && now - this.#drawnMs >= INTERVAL_MS;
    if (this.#read === undefined || !isDue) return;
    if (this.#columns === "unknown") this.#columns = this.#screen.columns();
    if (this.#columns === undefined) {
      clearInterval(this.#timer);
      this.#read = undefined;
      return;
    }
    const text = describe(this.#read(), now - this.#startedMs).slice(0, this.#columns - 1);
    // A line of output that has no end yet stays: the blanks fill it up, or stay on the one that is empty.
    const start = this.#isShown ? CLEAR : `${" ".repeat(this.#columns)}${CLEAR}`;
    this.#screen.write(`${start}${text}`);
    this.#drawnMs = now;
    this.#isShown = true;
  }
}

/** A line for each thing that is waited for. */
export function watchProgress(env: Environment): WatchProgress {
  return (read) => {
    const line = ProgressLine.open(env);
    line.follow(read);
    return line;
  };
}

/** `reading records: 12 of 40, 3 s`. */
function describe({ stage, done, total, unit }: Progress, elapsedMs: number): string {
  const format = unit === "bytes" ? formatByteSize : String;
  const count = done === undefined ? "" : `: ${format(done)}`;
  const ofAll = done === undefined || total === undefined ? "" : ` of ${format(total)}`;
  return `${stage}${count}${ofAll}, ${Math.floor(elapsedMs / 1000)} s`;
}
