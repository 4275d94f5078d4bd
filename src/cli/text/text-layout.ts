/** Wraps text and aligns columns. */

/** The widest line of the help. */
const HELP_WIDTH = 100;

/** `text` wrapped at spaces; `indent` spaces before every line. */
export function wrapText(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > HELP_WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each).join("\n");
}

/** Columns two spaces apart; the last one is not padded. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widthOf = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows
    .map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widthOf(i)))).join("  "))
    .join("\n");
}
