/** Which proxy the environment names for a URL, by the variables and rules that every program goes by. */
import ipaddr from "ipaddr.js";
import { hostOf, isHttpUrl } from "./http-url.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The target of a connection, by which a proxy is chosen; `host` without the brackets of an IPv6 address. */
export interface Destination {
  scheme: "http" | "https";
  host: string;
  port: number;
}

/** `undefined`: it is reached directly. A proxy that is no `http://` or `https://` address counts as none. */
export function environmentProxy({ scheme, host, port }: Destination, env: Environment): URL | undefined {
  const [, value] = variableFor(scheme, env) ?? [];
  if (value === undefined || isExempt(host, port, env.no_proxy || env.NO_PROXY || "")) return undefined;
  return parseProxy(value);
}

/** The proxy for a request to that URL. */
export function proxyForUrl(url: URL, env: Environment): URL | undefined {
  const { protocol, port } = url;
  const scheme = protocol === "https:" ? "https" : "http";
  return environmentProxy(
    { scheme, host: hostOf(url), port: Number(port || (scheme === "https" ? 443 : 80)) },
    env,
  );
}

/** Names the proxies that requests use, without passwords, and what goes past them; "" when there is none. */
export function proxyRoute(env: Environment): string {
  const proxies = [variableFor("http", env), variableFor("https", env)].map(
    (entry) => entry && (parseProxy(entry[1])?.host ?? ""),
  );
  if (proxies.every((host) => host === undefined)) return "";
  return JSON.stringify([...proxies, env.no_proxy || env.NO_PROXY || ""]);
}

/** A proxy as it is written in a variable, with or without `http://`. */
export function parseProxy(value: string): URL | undefined {
  const url = URL.parse(value.includes("://") ? value : `http://${value}`);
  return url !== null && isHttpUrl(url) ? url : undefined;
}

/** A sentence for each variable that decides but names no proxy that can be used. It holds nothing of the address. */
export function unusableProxies(env: Environment): string[] {
  const found = [variableFor("http", env), variableFor("https", env)].filter((entry) => entry !== undefined);
  return [...new Map(found)]
    .filter(([, value]) => parseProxy(value) === undefined)
    .map(([name, value]) => {
      const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(value)?.[1];
      const kind =
        scheme === undefined || /^https?:$/i.test(scheme) ? "no address of a proxy" : `a ${scheme} proxy`;
      return `${name} is not used: it names ${kind}, and only http: and https: proxies are supported`;
    });
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

/**
 * The variable that decides, and its value. In a CGI program HTTP_PROXY may come from a header of the request, so it does
 * not count there.
 */
function variableFor(scheme: "http" | "https", env: Environment): [name: string, value: string] | undefined {
  const http = env.REQUEST_METHOD ? ["http_proxy"] : ["http_proxy", "HTTP_PROXY"];
  const own = scheme === "https" ? ["https_proxy", "HTTPS_PROXY"] : http;
  for (const name of [...own, "all_proxy", "ALL_PROXY"]) {
    const value = env[name];
    if (value) return [name, value];
  }
  return undefined;
}

function isExempt(host: string, port: number, list: string): boolean {
  return list.split(/[\s,]+/).some((entry) => entry !== "" && matches(entry.toLowerCase(), host, port));
}

/** Loads node:net when it is first needed: it would delay go's first miss by milliseconds. */
function isIP(text: string): number {
  return process.getBuiltinModule("node:net").isIP(text);
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
