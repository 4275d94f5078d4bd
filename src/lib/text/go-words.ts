/**
 * How go takes a value such as GOCACHEPROG apart (go/src/cmd/internal/quoted): at blanks, and a word that begins with a
 * quote of either kind goes on to the next one of that kind. There is nothing else: no backslashes, no `~`, no `$HOME`.
 */
const WORD = /[ \t\r\n]*(?:'([^']*)'|"([^"]*)"|(['"])|([^ \t\r\n]+))/gy;

/** The words. Throws for a quote that nothing closes, as go does. */
export function splitGoWords(text: string): string[] {
  return Array.from(text.matchAll(WORD), ([, single, double, open, plain]) => {
    if (open !== undefined) throw new Error(`a quote ${open} is not closed`);
    return single ?? double ?? plain ?? "";
  });
}

/** A word as it must be written; `undefined`: it has both kinds of quotes, which can't be written at all. */
export function quoteGoWord(text: string): string | undefined {
  if (text !== "" && !/[\s'"]/.test(text)) return text;
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? undefined : `"${text}"`;
}
