/** What is written about the options, made from their table: for the help, and for README.md. */
import { ALL_OPTIONS, dashed, OPTION_GROUPS, type Option } from "./options.ts";
import { alignColumns, wrapText } from "./text-layout.ts";

/** Wider than every flag with its placeholder. */
const MEANING_COLUMN = 29;

/** The flags under their headings, each with its variable and default. */
export function renderFlags(): string {
  return OPTION_GROUPS.map((group) => {
    const options = ALL_OPTIONS.filter((option) => option.group === group);
    return [`${group}:`, ...options.map(renderFlag)].join("\n");
  }).join("\n\n");
}

function renderFlag(option: Option): string {
  const meaning = wrapText(option.meaning, MEANING_COLUMN);
  const origin = wrapText(`${option.env}, default: ${defaultOf(option)}`, MEANING_COLUMN);
  return `${`  ${flagWithPlaceholder(option)}`.padEnd(MEANING_COLUMN)}${meaning.trimStart()}\n${origin}`;
}

/** Flag, variable, kind of value and default, in columns. */
export function renderVariables(): string {
  const heading = ["  flag", "variable", "value", "default"];
  const rows = ALL_OPTIONS.map((option) => [
    `  ${dashed(option.flag)}`,
    option.env,
    option.placeholder ?? "boolean",
    defaultOf(option),
  ]);
  return alignColumns([heading, ...rows]);
}

/** The table that README.md shows between its `options` marks, with a line break at the end. */
export function renderOptionsMarkdown(): string {
  const rows = ALL_OPTIONS.map((option) => {
    const value = option.defaultMeaning ?? `\`${option.default}\``;
    return `| \`${flagWithPlaceholder(option)}\` | \`${option.env}\` | ${value} | ${option.meaning} |\n`;
  });
  return `| flag | environment | default | meaning |\n|---|---|---|---|\n${rows.join("")}`;
}

function flagWithPlaceholder({ flag, placeholder }: Option): string {
  return placeholder === undefined ? dashed(flag) : `${dashed(flag)} ${placeholder}`;
}

function defaultOf(option: Option): string {
  return option.defaultMeaning ?? option.default;
}
