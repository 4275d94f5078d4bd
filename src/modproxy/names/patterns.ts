/**
 * GOPRIVATE and its kin: a comma-separated list of globs, each matched with as many of a module path's first parts
 * as it has itself (golang.org/x/mod/module.MatchPrefixPatterns).
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
    // Malformed, as go sees it: matches nothing.
    return false;
  }
}

/** Go's path.Match: `*` and `?` stop at a slash, `[a-z]` and `[^a-z]`, `\` before a character itself. */
function globSource(glob: string): string {
  return glob.replaceAll(/\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|[*?]|[^\w/]/gs, (token, escaped, not, set) => {
    if (escaped !== undefined) return literal(escaped);
    if (set !== undefined) return `[${not}${set.replaceAll("[", "\\[")}]`;
    if (token === "[") throw new SyntaxError("a set without an end");
    if (token === "*") return "[^/]*";
    return token === "?" ? "[^/]" : literal(token);
  });
}

function literal(char: string): string {
  return char.replace(/[^\w]/, "\\$&");
}
