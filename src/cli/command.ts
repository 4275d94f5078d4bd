/**
 * The declaration of a command. A file in `commands/` declares each one in citty's shape, with its own options and
 * examples; the help, completion, docs/commands.md and the reading of the command line are made from that.
 */
import type { CommandContext, ParsedArgs } from "citty";
import { type Option, type Options, parseOwnOptions, type ValuesOf } from "./options/option.ts";
import type { Environment } from "./options/settings.ts";

/** The word that may follow a command. Its key in capitals is its name in the help. */
interface Operand {
  type: "positional";
  required: boolean;
  /** All possible words, if they are few. */
  words?: readonly string[];
  /** More words may follow; the command checks them. */
  isOpenEnded?: true;
}

type Operands = Readonly<Record<string, Operand>>;

/** The commands by name, in the order of the overview; each is loaded when it is needed. */
export type CommandList = ReadonlyMap<string, () => Promise<Command>>;

/** One call of the program. */
export interface Call {
  /** Checked texts by flag name. */
  flags: ReadonlyMap<string, string>;
  env: Environment;
  commands: CommandList;
}

/** The groups of commands in the order of the overview, with their headings. */
const COMMAND_GROUPS = {
  use: "commands to use the cache",
  CI: "commands in CI",
  look: "commands to look at it",
  maintain: "commands to maintain it",
};

interface Declaration<A extends Operands, O extends Options> {
  /** Without a group, it is not in the overview. */
  meta: { name: string; group?: keyof typeof COMMAND_GROUPS; description: string };
  /** At most one operand. */
  args?: A;
  options?: O;
  /** Command lines from practice; each works as it stands. */
  examples?: readonly string[];
  /** Does not read the flags in GOCACHEPROG. */
  ignoresCacheprog?: true;
}

/** A declared command, as the rest of the program sees it. */
export interface Command extends Declaration<Operands, Options> {
  /** The result is the exit code. */
  run: (context: CommandContext<Operands>) => number | Promise<number>;
}

/** Declares a command. `run` gets the operands, the values of the command's own options and the call. */
export function declareCommand<const A extends Operands = Operands, O extends Options = Options>(
  declaration: Declaration<A, O> & {
    run: (call: Call & { args: ParsedArgs<A>; options: ValuesOf<O> }) => number | Promise<number>;
  },
): Command {
  const { run, options } = declaration;
  return {
    ...declaration,
    // citty parsed the operands by this declaration, and `data` is the call that was given to it.
    run: ({ args, data }) =>
      run({ ...data, args: args as ParsedArgs<A>, options: parseOwnOptions(options, data.flags) }),
  };
}

/** The options of the command alone. */
export function ownOptions({ options }: Command): Option[] {
  return Object.values(options ?? {});
}

/** The command with its operand, as the help shows it: `inspect [ID]`. */
export function usageOf(command: Command): string {
  const operand = operandOf(command);
  if (operand === undefined) return command.meta.name;
  return `${command.meta.name} ${operand.required ? operand.name : `[${operand.name}]`}`;
}

/** The operand with its name in the help. */
export function operandOf({ args }: Command): (Operand & { name: string }) | undefined {
  const [entry] = Object.entries(args ?? {});
  return entry === undefined ? undefined : { ...entry[1], name: entry[0].toUpperCase() };
}

/** The commands of the overview below their headings. */
export function grouped(commands: readonly Command[]): { heading: string; members: Command[] }[] {
  return Object.entries(COMMAND_GROUPS).map(([group, heading]) => ({
    heading,
    members: commands.filter(({ meta }) => meta.group === group),
  }));
}

export async function loadCommands(commands: CommandList): Promise<Command[]> {
  return await Promise.all([...commands.values()].map((load) => load()));
}
