/** The remote holds other bytes under this id than the ones whose SHA-256 it is. */
export class WrongBytesError extends Error {
  override name = "WrongBytesError" as const;

  /** What should expand to it does not expand, or not to its size. */
  static ofFrame(outputId: string, cause: unknown): WrongBytesError {
    return new WrongBytesError(outputId, "none, for its frame can't be expanded", { cause });
  }

  constructor(outputId: string, foundSha256: string, options?: ErrorOptions) {
    super(`output ${outputId} has the SHA-256 ${foundSha256}`, options);
  }
}
