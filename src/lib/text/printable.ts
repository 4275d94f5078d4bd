/** Characters that a terminal or a log acts on: controls, changes of direction, halves of characters. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from elsewhere for a terminal, in one line: what is not plain to see is written as `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(ACTIVE, escapeUnits);
}

/** JSON over several lines that is safe to show as well. */
export function printableJson(value: unknown): string {
  // Controls below U+0020 are escaped already; what is left of them are our own line ends.
  return JSON.stringify(value, undefined, 2).replaceAll(ACTIVE, (char) =>
    char === "\n" ? char : escapeUnits(char),
  );
}

function escapeUnits(char: string): string {
  const units = Array.from({ length: char.length }, (_, i) => char.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
