import type { IncomingMessage, ServerResponse } from "node:http";
import { formatResource, type Resource } from "../resource.ts";
import { hasFraming } from "../semantics/framing.ts";
import { fromRawHeaders, type HeaderList } from "../semantics/header-list.ts";
import { endToEnd } from "../semantics/hop-by-hop.ts";

/** A client's request, and the response that it waits for. */
export interface ClientRequest {
  resource: Resource;
  /** The resource as text: the cache key. */
  url: string;
  method: string;
  /** End-to-end fields. */
  headers: HeaderList;
  /** Streamed to the origin; `undefined` when the request has no body, not even an empty one. */
  body: IncomingMessage | undefined;
  /** Whether the body has a single byte, as far as the head says. */
  hasContent: boolean;
  response: ServerResponse;
  /** Aborted when the client disconnects. */
  signal: AbortSignal;
}

export function clientRequest(
  resource: Resource,
  message: IncomingMessage,
  response: ServerResponse,
): ClientRequest {
  const client = new AbortController();
  response.once("close", () => client.abort(new Error("the client disconnected")));
  const raw = fromRawHeaders(message.rawHeaders);
  const { "content-length": length, "transfer-encoding": coding } = message.headers;
  return {
    resource,
    url: formatResource(resource),
    method: message.method ?? "GET",
    headers: endToEnd(raw),
    body: hasFraming(raw) ? message : undefined,
    hasContent: coding !== undefined || (length !== undefined && length !== "0"),
    response,
    signal: client.signal,
  };
}
