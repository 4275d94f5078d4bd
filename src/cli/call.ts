/** What the commands are given. citty hands neither data nor results through sub-commands, so each closes over one. */
import type { CommandLine } from "./command-line.ts";
import type { Environment } from "./options/settings.ts";

/** One call of the program. */
export interface Call {
  commandLine: CommandLine;
  env: Environment;
  /** Set by the command that ran. */
  exitCode: number;
}
