import { replaceFile } from "../../lib/replace-file.ts";
import { statFile } from "../../lib/stat-file.ts";

/** Sessions that end closer together than this are a row of go commands, and another one most likely follows. */
const BURST_MS = 10_000;
/** What is compiled again in no time, should the machine vanish in this moment. */
const SMALL_BYTES = 4 << 20;

/**
 * Whether the little that a session has made may be uploaded when go was answered. Where the machine may end with go, a
 * single command must wait; two hundred small ones in a row would wait longer than they work.
 */
export class Burst {
  readonly #path: string;
  readonly #mayEndWithGo: boolean;
  /** Whether another session of this machine ended a moment ago. */
  readonly isUnderWay: boolean;

  /** `path`: a file that tells when a session of this machine ended last. */
  constructor(path: string, { mayEndWithGo }: { mayEndWithGo: boolean }) {
    this.#path = path;
    this.#mayEndWithGo = mayEndWithGo;
    const stat = statFile(path);
    this.isUnderWay = stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) < BURST_MS;
  }

  /** `newsBytes`: of outputs that are not in the bucket yet. */
  mayWait(newsBytes: number): boolean {
    return (this.isUnderWay || !this.#mayEndWithGo) && newsBytes <= SMALL_BYTES;
  }

  sessionEnded(): void {
    try {
      replaceFile(this.#path, "");
    } catch {
      // Then the next session waits.
    }
  }
}
