/** The short texts about how the program is called. */

/** How a command line looks. */
export const USAGE_LINE = "usage: go-cache-plugin [flags] [command]";

/** The lines below the message of a usage error, on stderr: what to do next. */
export function usageLines(command: string | undefined): string {
  if (command === undefined) return `${USAGE_LINE}\nrun "go-cache-plugin help" for the flags\n`;
  return `run "go-cache-plugin help ${command}" for its flags and examples\n`;
}
