import { isPruneDue } from "../cache-dir/prune-cache.ts";
import type { Config } from "../config.ts";

const CHECK_MS = 60_000;

/** Keeps the cache directory within its limits while a server runs: at most once an hour, and at its end. */
export class Upkeep {
  readonly #root: string;
  readonly #pruneAside: (root: string) => Promise<void>;
  readonly #checking: ReturnType<typeof setInterval>;
  #pruning: Promise<void> | undefined;

  constructor(
    root: string,
    { expiryMs, maxSizeBytes }: Pick<Config, "expiryMs" | "maxSizeBytes">,
    pruneAside: (root: string) => Promise<void>,
  ) {
    this.#root = root;
    this.#pruneAside = pruneAside;
    const hasLimits = expiryMs !== undefined || maxSizeBytes > 0;
    this.#checking = setInterval(() => hasLimits && this.#prune(), CHECK_MS).unref();
  }

  /** Prunes if that is due; waits for it no longer than `limitMs`. */
  async finish(limitMs: number): Promise<void> {
    this.stop();
    this.#prune();
    await Promise.race([this.#pruning, Bun.sleep(Math.max(0, limitMs))]);
  }

  stop(): void {
    clearInterval(this.#checking);
  }

  #prune(): void {
    if (this.#pruning !== undefined || !isPruneDue(this.#root)) return;
    this.#pruning = this.#pruneAside(this.#root)
      .catch(() => undefined)
      .finally(() => {
        this.#pruning = undefined;
      });
  }
}
