/** Which proxy leads to an origin, by the variables that every program goes by. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import type { Resource } from "../resource.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** `undefined`: the origin is reached directly. A proxy that is no `http://` address counts as none. */
export function parentProxy(
  { scheme, authority }: Pick<Resource, "scheme" | "authority">,
  env: Environment,
): URL | undefined {
  const names = scheme === "https" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"];
  const value = [...names, "all_proxy", "ALL_PROXY"].map((name) => env[name]).find((text) => text);
  if (value === undefined) return undefined;
  const { host, port } = authority;
  if (isExempt(host, port, env.no_proxy || env.NO_PROXY || "")) return undefined;
  const text = value.includes("://") ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "http:" ? url : undefined;
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
