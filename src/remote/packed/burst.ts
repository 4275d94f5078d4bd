import { type Clock, systemClock } from "../../lib/async/clock.ts";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import { statFile } from "../../lib/files/stat-file.ts";
import { pidSpace } from "../../lib/process/process-life.ts";

/** Sessions that end within this time of each other are a burst; another go command most likely follows. */
const BURST_MS = 10_000;
/** If the machine is lost, recompiling so few bytes takes little time. */
const SMALL_BYTES = 4 << 20;

/**
 * Decides whether a session may upload after it has answered go's close. If the machine may stop with go, only a short
 * session in a burst of go commands defers: a later command of the burst uploads for it, and two hundred short commands
 * would otherwise wait longer than they work. The outputs of a long session are too expensive to risk.
 */
export class Burst {
  readonly #path: string;
  readonly #mayEndWithGo: boolean;
  readonly #startedMs: number;
  readonly #clock: Clock;
  /**
   * Whether another session of this machine has just ended. A session in another container does not count: that
   * container may be gone, and with it the helper that would upload for others.
   */
  readonly isUnderWay: boolean;

  /** `path`: a file that each session of this machine writes when it ends; it contains the session's pid space. */
  constructor(path: string, { mayEndWithGo, startedMs, clock = systemClock }: BurstOptions) {
    this.#path = path;
    this.#mayEndWithGo = mayEndWithGo;
    this.#startedMs = startedMs;
    this.#clock = clock;
    const stat = statFile(path);
    const isFresh = stat !== undefined && Math.abs(clock.nowMs() - stat.mtimeMs) < BURST_MS;
    this.isUnderWay = isFresh && readSpace(path) === pidSpace();
  }

  /** Call it when the session closes: the answer changes with time. `unpublishedBytes`: outputs not in the bucket yet. */
  mayDefer(unpublishedBytes: number): boolean {
    if (unpublishedBytes > SMALL_BYTES) return false;
    return !this.#mayEndWithGo || (this.isUnderWay && this.#isShort);
  }

  sessionEnded(): void {
    try {
      replaceFile(this.#path, pidSpace());
    } catch {
      // Without the file, the next session uploads before it answers.
    }
  }

  /** A session counts as long if the clock was set back, since its duration is unknown. */
  get #isShort(): boolean {
    const sessionMs = this.#clock.nowMs() - this.#startedMs;
    return sessionMs >= 0 && sessionMs < BURST_MS;
  }
}

function readSpace(path: string): string | undefined {
  try {
    return readSmallFile(path).toString();
  } catch {
    return undefined;
  }
}

interface BurstOptions {
  /** Whether the machine may stop as soon as go exits. */
  mayEndWithGo: boolean;
  /** The start of the session (ms since 1970). */
  startedMs: number;
  clock?: Clock;
}
