/** go's settings for private modules. */
import { matchesPatterns } from "./names/patterns.ts";

export interface PolicySettings {
  /** Lists of patterns; `goPrivate` is the default for the other two. */
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

  /** Whether go fetches the module from its origin instead of a proxy. */
  isPrivate(module: string): boolean {
    return matchesPatterns(this.#noProxy, module);
  }

  /** Whether the module's name must not reach a checksum database. */
  isUnlisted(module: string): boolean {
    return matchesPatterns(this.#noSumdb, module);
  }
}
