/** Refuses requests that two programs on their way could understand differently. */
import type { IncomingMessage } from "node:http";
import { type Authority, isSameAuthority, parseAuthority } from "./authority.ts";
import { framingProblem } from "./semantics/framing.ts";
import { fromRawHeaders, headerValues } from "./semantics/header-list.ts";
import { forbiddenOption } from "./semantics/hop-by-hop.ts";

export interface Refusal {
  status: number;
  text: string;
}

/** Why a request is refused; `undefined`: it isn't. `viaToken`: this program's name in Via. */
export function refusalOf(request: IncomingMessage, viaToken: string): Refusal | undefined {
  const headers = fromRawHeaders(request.rawHeaders);
  const hosts = headerValues(headers, "host");
  if (hosts.length > 1 || hosts.some((host) => host.includes(","))) {
    return { status: 400, text: "a request must have one Host" };
  }
  if (hosts.length === 0 && request.httpVersion === "1.1")
    return { status: 400, text: "a request must have a Host" };
  const problem = framingProblem(headers, request.httpVersion);
  if (problem !== undefined) return problem;
  const named = forbiddenOption(headers);
  if (named !== undefined) return { status: 400, text: `Connection must not name ${named}` };
  const via = headerValues(headers, "via").join(",");
  if (via.includes(viaToken)) {
    return { status: 508, text: "request loop: this request came through this proxy before" };
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
