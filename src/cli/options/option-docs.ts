/** What is written about the options, made from their tables: for the help, and for README.md. */

import { COMMANDS } from "../commands.ts";
import { alignColumns, wrapText } from "../text/text-layout.ts";
import { ALL_COMMAND_OPTIONS, type CommandOption } from "./command-options.ts";
import { ALL_OPTIONS, dashed, OPTION_GROUPS, type Option } from "./options.ts";

/** Wider than every flag with its placeholder. */
const MEANING_COLUMN = 29;

/** The flags under their headings, each with its variable and default. */
export function renderFlags(): string {
  return OPTION_GROUPS.map((group) => {
    const options = ALL_OPTIONS.filter((option) => option.group === group);
    return [`${group}:`, ...options.map(renderFlag)].join("\n");
  }).join("\n\n");
}

/** The flags of one command; empty when it has none of its own. */
export function renderCommandFlags(command: string): string {
  const options = ALL_COMMAND_OPTIONS.filter(({ commands }) => commands.includes(command));
  return options.map((option) => renderLines(option, `default: ${option.default || "none"}`)).join("\n");
}

function renderFlag(option: Option): string {
  return renderLines(option, `${option.env}, default: ${defaultOf(option)}`);
}

function renderLines(option: Option | CommandOption, origin: string): string {
  const start = `  ${flagWithPlaceholder(option)}`.padEnd(MEANING_COLUMN);
  return `${start}${wrapText(option.meaning, MEANING_COLUMN).trimStart()}\n${wrapText(origin, MEANING_COLUMN)}`;
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

/** The table that README.md shows between its `commands` marks, with a line break at the end. */
export function renderCommandsMarkdown(): string {
  const shown = [...COMMANDS].filter(([, { hidden }]) => hidden !== true);
  const rows = shown.map(([name, { operand, summary }]) => {
    const flags = ALL_COMMAND_OPTIONS.filter(({ commands }) => commands.includes(name));
    const words = [name, operand, ...flags.map((option) => `[${flagWithPlaceholder(option)}]`)];
    return `| \`${words.filter((word) => word !== undefined).join(" ")}\` | ${summary} |\n`;
  });
  return `| command | meaning |\n|---|---|\n${rows.join("")}`;
}

function flagWithPlaceholder({ flag, placeholder }: Option | CommandOption): string {
  return placeholder === undefined ? dashed(flag) : `${dashed(flag)} ${placeholder}`;
}

function defaultOf(option: Option): string {
  return option.defaultMeaning ?? option.default;
}
