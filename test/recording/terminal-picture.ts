/**
 * A terminal session as an SVG: text, so that it is sharp, small and searchable, and light or dark like the reader's
 * system.
 */

/** A command, its output, and how long it took. */
export interface Exchange {
  command: string;
  output: string;
  /** `undefined`: not shown. */
  elapsedMs?: number | undefined;
}

/** The kind of a line, for its colour. */
type Kind = "command" | "output" | "comment" | "time";

interface Line {
  kind: Kind;
  text: string;
}

const CHAR = 8.4;
const LINE = 20;
const PADDING = 20;
const BAR = 36;
const CONTINUATION = "\\";

const STYLE = `
  svg { color-scheme: light dark }
  .window { fill: #f6f8fa; stroke: #d0d7de }
  .dot { fill: #d0d7de }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
  .title, .comment, .time { fill: #59636e }
  .output { fill: #1f2328 }
  .command { fill: #0550ae; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .window { fill: #0d1117; stroke: #30363d }
    .dot { fill: #30363d }
    .title, .comment, .time { fill: #9198a1 }
    .output { fill: #e6edf3 }
    .command { fill: #79c0ff }
  }`;

/** The picture, `columns` characters wide; longer lines are cut. */
export function terminalPicture(title: string, exchanges: readonly Exchange[], columns: number): string {
  const lines = exchanges.flatMap(linesOf);
  const width = Math.ceil(columns * CHAR + 2 * PADDING);
  const height = BAR + lines.length * LINE + PADDING;
  const dots = [0, 1, 2]
    .map((i) => `<circle class="dot" cx="${PADDING + i * 18}" cy="19" r="5.5"/>`)
    .join("");
  const rows = lines.map(({ kind, text }, i) => row(kind, cut(text, columns), BAR + (i + 0.75) * LINE));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}
</style>
<rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${dots}<text class="title" x="${width / 2}" y="24" text-anchor="middle">${escaped(title)}</text>
${rows.join("\n")}
</svg>
`;
}

function linesOf({ command, output, elapsedMs }: Exchange): Line[] {
  const typed: Line[] = command.split("\n").map((text, i, all) => ({
    kind: text.startsWith("#") ? "comment" : "command",
    text: text.startsWith("#") ? text : `${i > 0 && all[i - 1]?.endsWith(CONTINUATION) ? "> " : "$ "}${text}`,
  }));
  const said: Line[] = output
    .trimEnd()
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => ({ kind: "output", text }));
  const time: Line[] =
    elapsedMs === undefined ? [] : [{ kind: "time", text: `# ${(elapsedMs / 1000).toFixed(1)} s` }];
  return [...typed, ...said, ...time, { kind: "output", text: "" }];
}

function row(kind: Kind, text: string, y: number): string {
  return `<text class="${kind}" x="${PADDING}" y="${y}">${escaped(text)}</text>`;
}

function cut(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
