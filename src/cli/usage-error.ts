/** A call that cannot be carried out as written: reported on stderr with the usage line, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError" as const;
}

/** How a command line looks. */
export const USAGE_LINE = "usage: go-cache-plugin [flags] [command]";
