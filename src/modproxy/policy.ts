/** go's settings for private modules. */

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

/**
 * Whether one of a comma-separated list of globs matches as many of the path's first parts as the glob has
 * (golang.org/x/mod/module.MatchPrefixPatterns).
 */
export function matchesPatterns(patterns: string, path: string): boolean {
  const parts = path.split("/");
  return patterns.split(",").some((pattern) => {
    const glob = pattern.trim().replace(/\/+$/, "");
    const count = glob.split("/").length;
    return glob !== "" && count <= parts.length && globMatches(glob, parts.slice(0, count).join("/"));
  });
}

function globMatches(glob: string, text: string): boolean {
  try {
    return new RegExp(`^${globSource(glob)}$`, "s").test(text);
  } catch {
    // go ignores malformed patterns.
    return false;
  }
}

/** Go's path.Match: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]`, `\` before a literal character. */
function globSource(glob: string): string {
  return glob.replaceAll(/\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|[*?]|[^\w/]/gs, (token, escaped, not, set) => {
    if (escaped !== undefined) return literal(escaped);
    if (set !== undefined) return `[${not}${set.replaceAll("[", "\\[")}]`;
    if (token === "[") throw new SyntaxError("unterminated set");
    if (token === "*") return "[^/]*";
    return token === "?" ? "[^/]" : literal(token);
  });
}

function literal(char: string): string {
  return char.replace(/[^\w]/, "\\$&");
}
