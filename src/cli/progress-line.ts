/** One line on a terminal that says what is being done, over and over; nothing anywhere else. */
import type { Progress } from "../lib/progress.ts";
import { writeStderr } from "./output.ts";
import { isStderrTerminal } from "./terminal.ts";

const INTERVAL_MS = 100;
const CLEAR = "\r\u001b[K";

export class ProgressLine {
  readonly #isTerminal: boolean;
  readonly #write: (text: string) => void;
  readonly #now: () => number;
  #shownAtMs = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(options: { isTerminal: boolean; write: (text: string) => void; now: () => number }) {
    this.#isTerminal = options.isTerminal;
    this.#write = options.write;
    this.#now = options.now;
  }

  /** On stderr. */
  static async open(): Promise<ProgressLine> {
    const isTerminal = await isStderrTerminal();
    return new ProgressLine({ isTerminal, write: writeStderr, now: () => performance.now() });
  }

  /** To be handed on as it is. */
  readonly update = ({ stage, done, total }: Progress): void => {
    const now = this.#now();
    if (!this.#isTerminal || now - this.#shownAtMs < INTERVAL_MS) return;
    this.#shownAtMs = now;
    this.#isShown = true;
    this.#write(`${CLEAR}${stage}: ${done}${total === undefined ? "" : ` of ${total}`}`);
  };

  /** Makes room for other output. */
  clear(): void {
    if (this.#isShown) this.#write(CLEAR);
    this.#isShown = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
