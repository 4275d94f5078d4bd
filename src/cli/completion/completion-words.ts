/** What can be completed, from the tables of options and commands; every shell's script is made from this. */

import { COMMANDS } from "../commands.ts";
import { ALL_COMMAND_OPTIONS, type CommandOption } from "../options/command-options.ts";
import { ALL_OPTIONS, dashed, type Option } from "../options/options.ts";
import { HELP_TOPICS } from "../text/help-topics.ts";

export interface CompletedFlag {
  /** With its dashes. */
  flag: string;
  meaning: string;
  /** What its value can be; `path`: a file or directory; `undefined`: anything; a boolean has none. */
  value: readonly string[] | "path" | undefined;
  takesValue: boolean;
}

export interface CompletedCommand {
  name: string;
  summary: string;
  /** Its own ones. */
  flags: CompletedFlag[];
  /** What may follow it; `directory`: the name of one. */
  operands: readonly string[] | "directory";
}

/** The flags that every command has. */
export const COMMON_FLAGS: readonly CompletedFlag[] = [
  ...ALL_OPTIONS.map(completedFlag),
  { flag: "--help", meaning: "print the help", value: undefined, takesValue: false },
  { flag: "--version", meaning: "print the version", value: undefined, takesValue: false },
];

export const COMPLETED_COMMANDS: readonly CompletedCommand[] = [...COMMANDS]
  .filter(([, { hidden }]) => hidden !== true)
  .map(([name, { summary, operand, operandWords }]) => ({
    name,
    summary,
    flags: ALL_COMMAND_OPTIONS.filter(({ commands }) => commands.includes(name)).map(completedFlag),
    operands: operand === "[DIR]" ? "directory" : name === "help" ? helpWords() : (operandWords ?? []),
  }));

function helpWords(): string[] {
  return [
    ...HELP_TOPICS.keys(),
    ...[...COMMANDS].filter(([, { hidden }]) => hidden !== true).map(([name]) => name),
  ];
}

function completedFlag({ flag, meaning, placeholder, parse }: Option | CommandOption): CompletedFlag {
  const value = parse.choices ?? (placeholder === "PATH" ? "path" : undefined);
  return { flag: dashed(flag), meaning, value, takesValue: placeholder !== undefined };
}
