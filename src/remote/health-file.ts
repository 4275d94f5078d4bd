/**
 * What one helper learned about a remote, for the next: `state/remote-<hash of its address>.json` in the cache
 * directory,
 *
 *     {"savedAtMs":1760000000000,"reason":"…","reads":{"probeAtMs":…,"pauseMs":…},"writes":{…},"isSlow":true,"denial":"…"}
 *
 * Every go command starts a helper of its own, so without it each would wait for the same dead server again. A side
 * that is missing works. Older than a minute, the state is doubted: a probe is due at once, and nothing is slow.
 */
import type { OpenState } from "../lib/async/breaker.ts";
import { removeFile } from "../lib/files/remove-file.ts";
import { replaceFile } from "../lib/files/replace-file.ts";
import { readSmallFile } from "../lib/files/small-file.ts";

export interface SavedHealth {
  savedAtMs: number;
  reason: string;
  reads?: OpenState | undefined;
  writes?: OpenState | undefined;
  /** Whether waiting for reads did not pay. */
  isSlow?: boolean | undefined;
  /** Why all reads were refused, as the user was told. */
  denial?: string | undefined;
}

/** For how long what another helper has found out counts as it is. */
export const BELIEVED_MS = 60_000;
const FORGOTTEN_MS = 10 * 60_000;

export class HealthFile {
  readonly #path: string;
  readonly #now: () => number;

  constructor(path: string, now: () => number = Date.now) {
    this.#path = path;
    this.#now = now;
  }

  /** The state to start with; `undefined`: nothing is known to be wrong. */
  load(): SavedHealth | undefined {
    const saved = readJson(this.#path);
    if (!isSavedHealth(saved)) return undefined;
    const ageMs = this.#now() - saved.savedAtMs;
    if (ageMs < 0 || ageMs > FORGOTTEN_MS) return undefined;
    return ageMs <= BELIEVED_MS
      ? saved
      : { ...saved, reads: doubted(saved.reads), writes: doubted(saved.writes), isSlow: false };
  }

  /** Never throws: a state that can't be kept costs the next helper some time, nothing else. */
  save(health: SavedHealth): void {
    try {
      replaceFile(this.#path, JSON.stringify(health));
    } catch {
      // See above.
    }
  }

  /** Never throws either. */
  clear(): void {
    removeFile(this.#path);
  }
}

function doubted(state: OpenState | undefined): OpenState | undefined {
  return state && { ...state, probeAtMs: 0 };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readSmallFile(path).toString());
  } catch {
    return undefined;
  }
}

function isSavedHealth(value: unknown): value is SavedHealth {
  if (typeof value !== "object" || value === null) return false;
  const { savedAtMs, reason, reads, writes, isSlow = false, denial = "" } = value as Partial<SavedHealth>;
  const isKnown =
    Number.isFinite(savedAtMs) &&
    typeof reason === "string" &&
    typeof isSlow === "boolean" &&
    typeof denial === "string";
  return isKnown && isOpenState(reads) && isOpenState(writes);
}

function isOpenState(value: unknown): boolean {
  if (value === undefined) return true;
  const state = value as OpenState | null;
  return Number.isFinite(state?.probeAtMs) && Number.isFinite(state?.pauseMs);
}
