import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What is served below a prefix. */
export interface HttpMount {
  /**
   * Answers a request. `target` is the rest of the request's target behind the prefix, as it was sent: still
   * percent-encoded, nothing resolved in it, with the query if there is one. Rejects only when something is broken
   * here; what can be answered is.
   */
  handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void>;
}

/** What answers requests that name another server. */
export interface ForwardProxy {
  /** A request in absolute form: `GET http://host/path`. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** `CONNECT host:port`; `head` is what the client sent behind it already. The connection may become TLS. */
  connect(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** The certificate that clients have to trust; `undefined`: none is needed. */
  caPem(): string | undefined;
}
