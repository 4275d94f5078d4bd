/** go's own settings that say which modules are whose business. */
import { matchesPatterns } from "./names/patterns.ts";

export interface PolicySettings {
  /** Each a list of patterns; the other two are this one where they are empty. */
  goPrivate: string;
  goNoProxy: string;
  goNoSumdb: string;
}

export class Policy {
  readonly #noProxy: string;
  readonly #noSumdb: string;

  constructor({ goPrivate, goNoProxy, goNoSumdb }: PolicySettings) {
    this.#noProxy = goNoProxy || goPrivate;
    this.#noSumdb = goNoSumdb || goPrivate;
  }

  /** Whether go is to fetch it itself, from where it lies. */
  isPrivate(module: string): boolean {
    return matchesPatterns(this.#noProxy, module);
  }

  /** Whether no checksum database may hear its name. */
  isUnlisted(module: string): boolean {
    return matchesPatterns(this.#noSumdb, module);
  }
}
