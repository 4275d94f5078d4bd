import { type Clock, systemClock } from "../../lib/async/clock.ts";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import { statFile } from "../../lib/files/stat-file.ts";
import { pidSpace } from "../../lib/process/process-life.ts";

/** Sessions that end closer together than this are a row of go commands, and another one most likely follows. */
const BURST_MS = 10_000;
/** Outputs of this size are compiled again in no time, should the machine vanish now. */
const SMALL_BYTES = 4 << 20;

/**
 * Decides whether a session's uploads may be deferred until go has its answer. Where the machine may end with go, only
 * a short session in a row of go commands defers: a later command of the row then uploads for it, and two hundred
 * short ones would otherwise wait longer than they work. Results of a long session are too dear for that.
 */
export class Burst {
  readonly #path: string;
  readonly #mayEndWithGo: boolean;
  readonly #startedMs: number;
  readonly #clock: Clock;
  /**
   * Whether another session of this machine ended a moment ago. One in another container makes no row: that container,
   * and the helper that would store for others, may be gone.
   */
  readonly isUnderWay: boolean;

  /** `path`: a file that is written whenever a session of this machine ends; it holds the pid space of that session. */
  constructor(path: string, { mayEndWithGo, startedMs, clock = systemClock }: BurstOptions) {
    this.#path = path;
    this.#mayEndWithGo = mayEndWithGo;
    this.#startedMs = startedMs;
    this.#clock = clock;
    const stat = statFile(path);
    const isFresh = stat !== undefined && Math.abs(clock.nowMs() - stat.mtimeMs) < BURST_MS;
    this.isUnderWay = isFresh && readSpace(path) === pidSpace();
  }

  /** Valid at this moment only, so callers ask when the session closes. `newsBytes`: outputs not in the bucket yet. */
  mayDefer(newsBytes: number): boolean {
    if (newsBytes > SMALL_BYTES) return false;
    return !this.#mayEndWithGo || (this.isUnderWay && this.#isShort);
  }

  sessionEnded(): void {
    try {
      replaceFile(this.#path, pidSpace());
    } catch {
      // Then the next session uploads before it answers.
    }
  }

  /** A clock that was set back proves nothing, so such a session counts as long. */
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
  /** Whether the machine may be gone as soon as go is. */
  mayEndWithGo: boolean;
  /** When the session began, in milliseconds since 1970. */
  startedMs: number;
  clock?: Clock;
}
