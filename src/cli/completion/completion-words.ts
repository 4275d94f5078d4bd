/** The words to complete, from the tables of options and commands; every shell's script is made from this. */
import { type Command, operandOf, ownOptions } from "../command.ts";
import { dashed, type Option } from "../options/option.ts";
import { ALL_OPTIONS } from "../options/options.ts";
import { HELP_TOPICS } from "../text/help-topics.ts";

export interface CompletedFlag {
  /** With its dashes. */
  flag: string;
  meaning: string;
  /** The possible values; `path`: a file or directory; `undefined`: anything; a boolean has none. */
  value: readonly string[] | "path" | undefined;
  takesValue: boolean;
}

export interface CompletedCommand {
  name: string;
  summary: string;
  /** Its own ones. */
  flags: CompletedFlag[];
  /** Its possible operands; `directory`: the name of one. */
  operands: readonly string[] | "directory";
}

/** The flags that every command has. */
export const COMMON_FLAGS: readonly CompletedFlag[] = [
  ...ALL_OPTIONS.map(completedFlag),
  { flag: "--help", meaning: "print the help", value: undefined, takesValue: false },
  { flag: "--version", meaning: "print the version", value: undefined, takesValue: false },
];

/** The commands without the hidden ones. */
export function completedCommands(commands: readonly Command[]): CompletedCommand[] {
  const shown = commands.filter(({ meta }) => meta.group !== undefined);
  const topics = [...HELP_TOPICS.keys(), ...shown.map(({ meta }) => meta.name)];
  return shown.map((command) => {
    const { name, description } = command.meta;
    const operand = operandOf(command);
    const words = name === "help" ? topics : (operand?.words ?? []);
    return {
      name,
      summary: description,
      flags: ownOptions(command).map(completedFlag),
      operands: operand?.name === "DIR" ? "directory" : words,
    };
  });
}

function completedFlag({ flag, meaning, placeholder, parse }: Option): CompletedFlag {
  const value = parse.choices ?? (placeholder === "PATH" ? "path" : undefined);
  return { flag: dashed(flag), meaning, value, takesValue: placeholder !== undefined };
}
