/** The remote has bytes under this id that do not have it as their SHA-256. */
export class WrongBytesError extends Error {
  override name = "WrongBytesError" as const;

  /** The compressed frame can't be expanded, or not to the recorded size. */
  static ofFrame(outputId: string, cause: unknown): WrongBytesError {
    return new WrongBytesError(outputId, "unknown, since its frame can't be expanded", { cause });
  }

  constructor(outputId: string, foundSha256: string, options?: ErrorOptions) {
    super(`output ${outputId} has the SHA-256 ${foundSha256}`, options);
  }
}
