/** The short texts about how the program is called. */

/** How a command line looks. */
export const USAGE_LINE = "usage: go-cache-plugin [flags] [command]";

/** The lines below the message of a usage error, on stderr: what to do next. */
export function usageLines(command: string | undefined): string {
  if (command === undefined) return `${USAGE_LINE}\nrun "go-cache-plugin help" for the flags\n`;
  return `run "go-cache-plugin help ${command}" for its flags and examples\n`;
}

/** Said to somebody who starts `connect` by hand. */
export const CONNECT_TERMINAL_HINT = `connect is started by the go command; by hand there is nothing to do. To use it:
  export GOCACHEPROG="go-cache-plugin connect 5930" && go build ./...
`;

/** Said on stderr to somebody who starts the program by hand. */
export const TERMINAL_HINT = `go-cache-plugin is started by the go command; by hand there is nothing to do. To use it:
  export GOCACHEPROG="go-cache-plugin --bucket=my-bucket" && go build ./...
run "go-cache-plugin help" for more
`;
