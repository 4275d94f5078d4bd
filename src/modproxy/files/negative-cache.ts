import type { ModError } from "../mod-error.ts";

const MAX_NAMES = 10_000;

/** Remembers for a short time that there is no such file, so that the upstream is not asked again and again. */
export class NegativeCache {
  readonly #now: () => number;
  readonly #found = new Map<string, { error: ModError; untilMs: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  find(name: string): ModError | undefined {
    const found = this.#found.get(name);
    if (found === undefined) return undefined;
    if (this.#now() < found.untilMs) return found.error;
    this.#found.delete(name);
    return undefined;
  }

  /** Only of an absence: failures pass. */
  add(name: string, error: ModError, forMs: number): void {
    if (!error.isAbsence || forMs === 0) return;
    if (this.#found.size >= MAX_NAMES) this.#found.clear();
    this.#found.set(name, { error, untilMs: this.#now() + forMs });
  }

  delete(name: string): void {
    this.#found.delete(name);
  }
}
