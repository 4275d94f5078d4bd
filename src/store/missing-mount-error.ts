/** There is no directory in which a bucket `file:///…` could be, or be made. */
export class MissingMountError extends Error {
  override name = "MissingMountError" as const;

  constructor(directory: string) {
    super(`there is no directory ${directory}, so a mount may be missing`);
  }
}
