/** A progress line on a terminal, removed at the end; no output elsewhere. */
import type { OnProgress, Progress, WatchProgress } from "../../lib/progress.ts";
import { formatByteSize } from "../../lib/text/byte-size.ts";
import type { Environment } from "../options/settings.ts";
import { writePassing } from "../output.ts";
import { stderrColumns } from "./terminal.ts";

/** Shorter work shows no line. */
const QUIET_MS = 1_000;
const INTERVAL_MS = 200;
const CLEAR = "\r\u001b[K";

/** The output of a progress line. */
export interface Screen {
  /** `undefined`: not a terminal. Called once, at the first output. */
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

  /** On stderr; not in CI: its logs may be terminals. */
  static open(env: Environment): ProgressLine {
    const isWanted = env.TERM !== "dumb" && (!env.CI || env.CI === "false");
    const line: ProgressLine = new ProgressLine({
      columns: () => (isWanted ? stderrColumns() : undefined),
      write: (text) => writePassing(text, () => line.clear()),
      now: () => performance.now(),
    });
    return line;
  }

  /** Bound, so that it can be passed as a callback. */
  readonly update: OnProgress = (progress) => {
    this.#read = () => progress;
    // Synchronous work keeps the timer from running.
    this.#draw();
  };

  /** Shows what `read` returns from now on. */
  follow(read: () => Progress): void {
    this.#read = read;
  }

  /** Removes the line; the next update shows it again. */
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
    // Blanks fill an unfinished line of other output, so that CLEAR does not erase it.
    const start = this.#isShown ? CLEAR : `${" ".repeat(this.#columns)}${CLEAR}`;
    this.#screen.write(`${start}${text}`);
    this.#drawnMs = now;
    this.#isShown = true;
  }
}

/** A progress line for each wait. */
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
