/** What is refused whatever it asks for: requests that two programs on the way could understand differently. */
import type { IncomingMessage } from "node:http";
import { type Authority, isSameAuthority, parseAuthority } from "./authority.ts";
import { fromRawHeaders, headerMembers, headerValues } from "./semantics/header-list.ts";

export interface Refusal {
  status: number;
  text: string;
}

/** `undefined`: nothing is wrong with it. `viaToken` is how this program names itself. */
export function refusalOf(request: IncomingMessage, viaToken: string): Refusal | undefined {
  const headers = fromRawHeaders(request.rawHeaders);
  const hosts = headerValues(headers, "host");
  if (hosts.length > 1 || hosts.some((host) => host.includes(","))) {
    return { status: 400, text: "a request has one Host" };
  }
  if (hosts.length === 0 && request.httpVersion === "1.1")
    return { status: 400, text: "a request has a Host" };
  const encodings = headerMembers(headers, "transfer-encoding");
  const lengths = headerValues(headers, "content-length");
  if (encodings.length > 0 && (encodings.length > 1 || encodings[0] !== "chunked")) {
    return { status: 501, text: `Transfer-Encoding ${encodings.join(", ")} is not understood` };
  }
  if (lengths.length > 1 || (lengths.length > 0 && encodings.length > 0)) {
    return { status: 400, text: "it is not clear where this request ends" };
  }
  const via = headerValues(headers, "via").join(",");
  if (via.includes(viaToken)) {
    return { status: 508, text: "this request went through this proxy before: it would go in a circle" };
  }
  return undefined;
}

/** Whether the request's Host names the server that the connection is to. */
export function isForAuthority(request: IncomingMessage, authority: Authority, defaultPort: number): boolean {
  const { host } = request.headers;
  if (host === undefined) return true;
  const named = parseAuthority(host.trim(), defaultPort);
  return named !== undefined && isSameAuthority(named, authority);
}
