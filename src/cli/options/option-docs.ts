/** The options and commands as texts for the help and as tables for the pages below `docs/`. */
import { type Command, grouped, ownOptions, usageOf } from "../command.ts";
import { alignColumns, wrapText } from "../text/text-layout.ts";
import { type CommonOption, dashed, type Option } from "./option.ts";
import { ALL_OPTIONS, OPTION_GROUPS } from "./options.ts";

/** Wider than every flag with its placeholder. */
const MEANING_COLUMN = 29;

/** The common flags under their headings, each with its variable and default. */
export function renderFlags(): string {
  const groups = Object.entries(OPTION_GROUPS).map(([heading, options]) => {
    const flags = Object.values<CommonOption>(options).map((option) =>
      renderLines(option, `${option.env}, default: ${defaultOf(option)}`),
    );
    return [`${heading}:`, ...flags].join("\n");
  });
  return groups.join("\n\n");
}

/** The flags of one command; empty when it has none of its own. */
export function renderCommandFlags(command: Command): string {
  return ownOptions(command)
    .map((option) => renderLines(option, `default: ${option.default || "none"}`))
    .join("\n");
}

function renderLines(option: Option, origin: string): string {
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

/** The tables between the `options` marks of docs/options.md, one below each heading of the help. */
export function renderOptionsMarkdown(): string {
  const groups = Object.entries(OPTION_GROUPS).map(([heading, options]) => {
    const rows = Object.values<CommonOption>(options).map(optionRow);
    return `### ${heading}\n\n| flag | environment | default | meaning |\n|---|---|---|---|\n${rows.join("")}`;
  });
  return groups.join("\n");
}

function optionRow(option: CommonOption): string {
  const value = option.defaultMeaning ?? `\`${option.default}\``;
  return `| \`${flagWithPlaceholder(option)}\` | \`${option.env}\` | ${value} | ${option.meaning} |\n`;
}

/** The tables between the `commands` marks of docs/commands.md, one below each heading of the help. */
export function renderCommandsMarkdown(commands: readonly Command[]): string {
  const tables = grouped(commands).map(({ heading, members }) => {
    const rows = members.map((command) => {
      const flags = ownOptions(command).map((option) => `[${flagWithPlaceholder(option)}]`);
      return `| \`${[usageOf(command), ...flags].join(" ")}\` | ${command.meta.description} |\n`;
    });
    return `### ${heading[0]?.toUpperCase()}${heading.slice(1)}\n\n| command | meaning |\n|---|---|\n${rows.join("")}`;
  });
  return tables.join("\n");
}

function flagWithPlaceholder({ flag, placeholder }: Option): string {
  return placeholder === undefined ? dashed(flag) : `${dashed(flag)} ${placeholder}`;
}

function defaultOf(option: CommonOption): string {
  return option.defaultMeaning ?? option.default;
}
