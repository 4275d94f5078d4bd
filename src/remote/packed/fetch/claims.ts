/**
 * Leases for work that one helper on this machine does for all of them, such as fetching a pack. The file `<dir>/<id>`
 * contains
 *
 *     <pid> <pid space>
 *
 * and a line break; its holder touches it periodically. Other helpers wait for the holder's outputs instead of fetching
 * the same bytes. Claims only save work and guarantee nothing: if the file can't be created, the claim counts as taken,
 * and the next helper takes over the claim of a dead holder. A holder in another pid space counts as dead if it has not
 * touched its claim for `STALE_MS`. Helpers that detect a dead holder at the same moment may all take its claim, and
 * then fetch the same bytes.
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

  /** Calls `onTakenOver` for each claim taken over from a helper that seems dead. */
  constructor(dir: string, onTakenOver: () => void = () => {}) {
    this.#dir = dir;
    this.#onTakenOver = onTakenOver;
    // A symbolic link may lead out of the cache directory.
    removeLink(dir);
  }

  /** Whether this process holds the claim now; `false`: another helper holds it. */
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

  /** Removes the claim if its holder seems dead. Returns whether the claim is free now. */
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
        // Another helper took the claim over; both fetch the same bytes then.
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

/** Also `false` for a holder in another pid space, and for one that has not written its pid yet. */
function isHolderGone(path: string): boolean {
  const [, pid, space] = CONTENT.exec(readSmallFile(path).toString()) ?? [];
  return pid !== undefined && space === pidSpace() && !isProcessAlive(Number(pid));
}
