import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Serves requests below a prefix. */
export interface HttpMount {
  /**
   * Answers a request. `target` is the request's target after the prefix, as it was sent: percent-encoded, with dot
   * segments and the query. Rejects only for an internal error.
   */
  handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void>;
}

/** Answers requests to other servers. */
export interface ForwardProxy {
  /** A request in absolute form: `GET http://host/path`. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** `CONNECT host:port`; `head`: bytes that the client has sent after it. The connection may become TLS. */
  connect(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** The certificate that clients must trust; `undefined`: none is needed. */
  caPem(): string | undefined;
}
