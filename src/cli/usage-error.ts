/** An invalid command line or setting: reported on stderr with the usage line, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError" as const;
}

export const USAGE_LINE = "usage: go-cache-plugin [flags] [command]";
