/**
 * What one helper on this machine does for all of them right now, such as fetching a pack: `<dir>/<id>`,
 *
 *     <pid> <pid space>
 *
 * and a line break, touched while its holder lives. Others wait for what it brings instead of fetching the same bytes.
 * Only a means to save: a claim that can't be made is taken as made, and the claim of a dead holder belongs to whoever
 * comes next. A holder in another pid space is dead when it has not touched its claim for `STALE_MS`. Helpers that find the
 * same holder dead at the same moment may all have its claim then, and fetch the same bytes.
 */
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../../lib/files/errno.ts";
import { makePrivateDir } from "../../../lib/files/private-dir.ts";
import { removeFile } from "../../../lib/files/remove-file.ts";
import { removeFileIf } from "../../../lib/files/remove-file-if.ts";
import { removeLink } from "../../../lib/files/remove-link.ts";
import { readSmallFile } from "../../../lib/files/small-file.ts";
import { isProcessAlive, pidSpace } from "../../../lib/process/process-life.ts";

const HEARTBEAT_MS = 500;
const STALE_MS = 3_000;
const CONTENT = /^(\d+) ([^\n]*)\n$/;

export class Claims {
  readonly #dir: string;
  readonly #onTakenOver: () => void;
  readonly #held = new Set<string>();
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  /** `onTakenOver`: called for each claim of a helper that seemed to be dead. */
  constructor(dir: string, onTakenOver: () => void = () => {}) {
    this.#dir = dir;
    this.#onTakenOver = onTakenOver;
    // It may lead out of the cache directory.
    removeLink(dir);
  }

  /** Whether `id` is ours now; `false`: another helper is at it. */
  take(id: string): boolean {
    if (this.#held.has(id)) return true;
    const isTaken = this.#create(id) || (this.#removeStale(id) && this.#create(id));
    if (!isTaken) return false;
    this.#held.add(id);
    this.#heartbeat ??= setInterval(() => this.#touch(), HEARTBEAT_MS).unref();
    return true;
  }

  release(id: string): void {
    if (!this.#held.delete(id)) return;
    removeFile(this.#path(id));
    if (this.#held.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  releaseAll(): void {
    for (const id of this.#held) this.release(id);
  }

  #create(id: string): boolean {
    try {
      writeFileSync(this.#path(id), `${process.pid} ${pidSpace()}\n`, { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if (isErrno(error, "EEXIST")) return false;
      return !isErrno(error, "ENOENT") || !this.#makeDir() || this.#create(id);
    }
  }

  #makeDir(): boolean {
    try {
      makePrivateDir(this.#dir);
      return true;
    } catch {
      return false;
    }
  }

  /** Removes a claim whose holder seems to be dead. Returns whether there is none now. */
  #removeStale(id: string): boolean {
    const outcome = removeFileIf(this.#path(id), (path) => !isLive(path));
    if (outcome === "removed") this.#onTakenOver();
    return outcome !== "kept";
  }

  #touch(): void {
    const now = Date.now() / 1000;
    for (const id of this.#held) {
      try {
        utimesSync(this.#path(id), now, now);
      } catch {
        // Somebody thought us dead; both fetch it then.
      }
    }
  }

  #path(id: string): string {
    return join(this.#dir, id);
  }
}

function isLive(path: string): boolean {
  try {
    return Math.abs(Date.now() - statSync(path).mtimeMs) < STALE_MS && !isHolderGone(path);
  } catch {
    return false;
  }
}

/** `false` as well for a holder in another pid space, and for one that has not named itself yet. */
function isHolderGone(path: string): boolean {
  const [, pid, space] = CONTENT.exec(readSmallFile(path).toString()) ?? [];
  return pid !== undefined && space === pidSpace() && !isProcessAlive(Number(pid));
}
