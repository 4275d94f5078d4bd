/**
 * Refuses requests that are not meant for this server. A web page can make a browser send requests to this machine, even
 * under the page's own host name (DNS rebinding). So the name must be this server's, and the request must not come from
 * another site.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";

/** Status and text for a refused request; `undefined`: the request is fine. */
export function refusal(
  request: IncomingMessage,
  listenHost: string | undefined,
): { status: number; text: string } | undefined {
  if (countHosts(request) > 1) return { status: 400, text: "more than one Host header" };
  const host = hostName(request.headers.host);
  if (host === undefined) return { status: 400, text: "no valid Host header" };
  if (!isOurs(host, listenHost)) {
    return { status: 403, text: `the name ${host} is not this server's; use localhost, or an address` };
  }
  const { origin } = request.headers;
  const isForeign = origin !== undefined && !isOurs(hostOfOrigin(origin) ?? "", listenHost);
  if (isForeign || request.headers["sec-fetch-site"] === "cross-site") {
    return { status: 403, text: "requests by other sites are refused" };
  }
  return undefined;
}

function countHosts({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host").length;
}

/** Without the port and the brackets of an IPv6 address. */
function hostName(text: string | undefined): string | undefined {
  return /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d+)?$/i
    .exec(text ?? "")
    ?.slice(1)
    .find(Boolean)
    ?.toLowerCase();
}

function hostOfOrigin(origin: string): string | undefined {
  return hostName(/^https?:\/\/(.*)$/.exec(origin)?.[1]);
}

/** A name without a dot can't belong to a foreign site; containers call each other by such names. */
function isOurs(host: string, listenHost: string | undefined): boolean {
  const isLocal = listenHost === undefined || isLoopback(listenHost);
  if (isIP(host) !== 0 || host === "localhost" || host === listenHost?.toLowerCase()) return true;
  return !isLocal && (host === hostname().toLowerCase() || !host.includes("."));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
