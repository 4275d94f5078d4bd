/** The peer violates the protocol. This ends the session: the rest of the stream can't be trusted. */
export class ProtocolError extends Error {
  override name = "ProtocolError" as const;

  constructor(detail: string, options?: ErrorOptions) {
    super(`GOCACHEPROG protocol: ${detail}`, options);
  }
}
