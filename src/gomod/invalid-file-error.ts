/** The content of a file doesn't match its name. */
export class InvalidFileError extends Error {
  override name = "InvalidFileError" as const;
}
