/**
 * The state of a remote, saved for the next helper in `state/remote-<hash of its address>.json` of the cache directory:
 *
 *     {"savedAtMs":1760000000000,"reason":"…","reads":{"probeAtMs":…,"pauseMs":…},"writes":{…},"isSlow":true,"denial":"…"}
 *
 * Every go command starts its own helper. Without this file each one would wait for the same dead server again. A
 * missing side is healthy. After a minute the state is stale: a probe is due at once, and the remote does not count as
 * slow.
 */
import type { OpenState } from "../../lib/async/breaker.ts";
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import { isBoolean, isNumber, isText, optional, shape } from "../../lib/shape.ts";

export interface SavedHealth {
  savedAtMs: number;
  reason: string;
  reads?: OpenState | undefined;
  writes?: OpenState | undefined;
  /** Whether waiting for reads cost more than it saved. */
  isSlow?: boolean | undefined;
  /** Why the remote denied all reads, as reported to the user. */
  denial?: string | undefined;
}

/** How long the state from another helper is fresh. */
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

  /** The initial state; `undefined`: no known problem. */
  load(): SavedHealth | undefined {
    const saved = this.#file.load();
    if (saved === undefined) return undefined;
    const ageMs = this.#now() - saved.savedAtMs;
    if (ageMs < 0 || ageMs > FORGOTTEN_MS) return undefined;
    return ageMs <= FRESH_MS
      ? saved
      : { ...saved, reads: dueForProbe(saved.reads), writes: dueForProbe(saved.writes), isSlow: false };
  }

  /** Never throws: a state that can't be saved only costs the next helper some time. */
  save(health: SavedHealth): void {
    this.#file.save(health);
  }

  /** Never throws. */
  clear(): void {
    this.#file.remove();
  }
}

function dueForProbe(state: OpenState | undefined): OpenState | undefined {
  return state && { ...state, probeAtMs: 0 };
}
