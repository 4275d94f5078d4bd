/** Which proxy the environment names for a URL, by the variables and rules that every program goes by. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What decides whether a proxy is used; `host` without the brackets of an IPv6 address. */
export interface Destination {
  scheme: "http" | "https";
  host: string;
  port: number;
}

/** `undefined`: it is reached directly. A proxy that is no `http://` or `https://` address counts as none. */
export function environmentProxy({ scheme, host, port }: Destination, env: Environment): URL | undefined {
  const value = variablesFor(scheme, env).find((text) => text);
  if (value === undefined || isExempt(host, port, env.no_proxy || env.NO_PROXY || "")) return undefined;
  return parseProxy(value);
}

/** The proxy for a request to that URL. */
export function proxyForUrl({ protocol, hostname, port }: URL, env: Environment): URL | undefined {
  const scheme = protocol === "https:" ? "https" : "http";
  const host = hostname.replace(/^\[|\]$/g, "");
  return environmentProxy({ scheme, host, port: Number(port || (scheme === "https" ? 443 : 80)) }, env);
}

/** A proxy as it is written in a variable, with or without `http://`. */
export function parseProxy(value: string): URL | undefined {
  const url = URL.parse(value.includes("://") ? value : `http://${value}`);
  return url?.protocol === "http:" || url?.protocol === "https:" ? url : undefined;
}

/** Why an answer that came by a proxy is the proxy's own refusal; `undefined`: it is the server's answer, as far as it says. */
export function proxyRefusal(
  answer: { status: number; headers: Headers },
  proxy: URL | undefined,
): string | undefined {
  if (proxy === undefined) return undefined;
  // RFC 9209 §2.3: `error` says that the proxy made the answer. Squid has a field of its own for that.
  const reason =
    /;\s*error=([\w-]+)/.exec(answer.headers.get("proxy-status") ?? "")?.[1] ?? squidError(answer.headers);
  if (answer.status !== 407 && reason === undefined) return undefined;
  return `the proxy ${proxy.host} refuses the request: ${answer.status}${reason === undefined ? "" : ` ${reason}`}`;
}

function squidError(headers: Headers): string | undefined {
  return /^ERR_\w+/.exec(headers.get("x-squid-error") ?? "")?.[0];
}

/** In a CGI program HTTP_PROXY may come from a header of the request, so it does not count there. */
function variablesFor(scheme: "http" | "https", env: Environment): (string | undefined)[] {
  const http = [env.http_proxy, env.REQUEST_METHOD ? undefined : env.HTTP_PROXY];
  const own = scheme === "https" ? [env.https_proxy, env.HTTPS_PROXY] : http;
  return [...own, env.all_proxy, env.ALL_PROXY];
}

function isExempt(host: string, port: number, list: string): boolean {
  return list.split(/[\s,]+/).some((entry) => entry !== "" && matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isIP(host) !== 0 && isInNetwork(host, entry);
  const [, name = "", givenPort] =
    /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (givenPort !== undefined && Number(givenPort) !== port) return false;
  const suffix = name.replace(/^\*?\./, "");
  return host === suffix || (isIP(host) === 0 && host.endsWith(`.${suffix}`));
}

function isInNetwork(host: string, network: string): boolean {
  if (!ipaddr.isValidCIDR(network)) return false;
  const address = ipaddr.process(host);
  const [base, bits] = ipaddr.parseCIDR(network);
  return address.kind() === base.kind() && address.match(base, bits);
}
