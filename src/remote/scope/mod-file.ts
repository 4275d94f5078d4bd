/**
 * Parses just enough of `go.mod` and `go.work` to list the values of one directive
 * (https://go.dev/ref/mod#go-mod-file-grammar):
 *
 *     module "example.com/hello" // comment
 *     use (
 *         ./tools
 *         `./with space`
 *     )
 */

/** Comments, quoted text, parentheses, words. An unclosed quote ends with its line. */
const TOKEN = /\/\/.*|"([^"]*)"?|`([^`]*)`?|[()]|(?:(?!\/\/)[^\s"`()])+/g;

/** The first value of each `verb value`, in a block or on its own line. Invalid lines yield nothing. */
export function* directiveValues(text: string, verb: string): Generator<string, undefined> {
  let block: string | undefined;
  for (const line of text.split("\n")) {
    const [first, second] = tokensOf(line);
    if (first === undefined) continue;
    if (first === ")") block = undefined;
    else if (block !== undefined && block === verb) yield first;
    else if (block === undefined && second === "(") block = first;
    else if (block === undefined && first === verb && second !== undefined) yield second;
  }
}

function tokensOf(line: string): string[] {
  return [...line.matchAll(TOKEN)]
    .filter(([token]) => !token.startsWith("//"))
    .map(([token, quoted, raw]) => quoted ?? raw ?? token);
}
