/** The remote holds other bytes under this id than the ones whose SHA-256 it is. */
export class WrongBytesError extends Error {
  override name = "WrongBytesError" as const;

  constructor(outputId: string, foundSha256: string, options?: ErrorOptions) {
    super(`output ${outputId} has the SHA-256 ${foundSha256}`, options);
  }
}
