/** The peer does not speak the protocol. It ends the session: nothing after it on the stream can be trusted. */
export class ProtocolError extends Error {
  override name = "ProtocolError" as const;

  constructor(detail: string, options?: ErrorOptions) {
    super(`GOCACHEPROG protocol: ${detail}`, options);
  }
}
