/**
 * What one helper learned about a remote, for the next: `state/remote-<hash of its address>.json` in the cache
 * directory,
 *
 *     {"savedAtMs":1760000000000,"reason":"…","reads":{"probeAtMs":…,"pauseMs":…},"writes":{…},"isSlow":true,"denial":"…"}
 *
 * Every go command starts a helper of its own, so without it each would wait for the same dead server again. A side
 * that is missing works. Older than a minute, the state is dueForProbe: a probe is due at once, and nothing is slow.
 */
import type { OpenState } from "../../lib/async/breaker.ts";
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import { isBoolean, isNumber, isText, optional, shape } from "../../lib/shape.ts";

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
export const FRESH_MS = 60_000;
const FORGOTTEN_MS = 10 * 60_000;

const isOpenState = optional(shape<OpenState>({ probeAtMs: isNumber, pauseMs: isNumber }));
const isSavedHealth = shape<SavedHealth>({
  savedAtMs: isNumber,
  reason: isText,
  reads: isOpenState,
  writes: isOpenState,
  isSlow: optional(isBoolean),
  denial: optional(isText),
});

export class HealthFile {
  readonly #file: StateFile<SavedHealth>;
  readonly #now: () => number;

  constructor(path: string, now: () => number = Date.now) {
    this.#file = new StateFile(path, jsonOf(isSavedHealth));
    this.#now = now;
  }

  /** The state to start with; `undefined`: nothing is known to be wrong. */
  load(): SavedHealth | undefined {
    const saved = this.#file.load();
    if (saved === undefined) return undefined;
    const ageMs = this.#now() - saved.savedAtMs;
    if (ageMs < 0 || ageMs > FORGOTTEN_MS) return undefined;
    return ageMs <= FRESH_MS
      ? saved
      : { ...saved, reads: dueForProbe(saved.reads), writes: dueForProbe(saved.writes), isSlow: false };
  }

  /** Never throws: a state that can't be kept costs the next helper some time, nothing else. */
  save(health: SavedHealth): void {
    this.#file.save(health);
  }

  /** Never throws either. */
  clear(): void {
    this.#file.remove();
  }
}

function dueForProbe(state: OpenState | undefined): OpenState | undefined {
  return state && { ...state, probeAtMs: 0 };
}
