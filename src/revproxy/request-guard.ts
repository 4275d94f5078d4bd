/** What is refused whatever it asks for: requests that two programs on the way could understand differently. */
import type { IncomingMessage } from "node:http";
import { type Authority, isSameAuthority, parseAuthority } from "./authority.ts";
import { framingProblem } from "./semantics/framing.ts";
import { fromRawHeaders, headerValues } from "./semantics/header-list.ts";
import { wronglyNamed } from "./semantics/hop-by-hop.ts";

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
  const problem = framingProblem(headers, request.httpVersion);
  if (problem !== undefined) return problem;
  const named = wronglyNamed(headers);
  if (named !== undefined)
    return { status: 400, text: `Connection names ${named}, which every recipient needs` };
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
