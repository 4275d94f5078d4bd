import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";
import { parseProxy } from "../../lib/network/env-proxy.ts";
import { hostOf } from "../../lib/network/http-url.ts";
import type { ListenAddress } from "../../lib/network/listen-address.ts";

type Environment = Record<string, string | undefined>;

const VARIABLES = /^(https?|all)_proxy$/i;

/**
 * The environment without proxies that are this server itself: where HTTPS_PROXY is set for a whole job, the server is
 * started with it as well, and must not send its own requests to itself.
 */
export async function withoutOwnProxy(
  env: Environment,
  http: ListenAddress | undefined,
): Promise<Environment> {
  if (http?.kind !== "tcp") return env;
  const entries = await Promise.all(
    Object.entries(env).map(async (entry) => {
      const isOwn = VARIABLES.test(entry[0]) && (await isOwnAddress(entry[1] ?? "", http));
      return isOwn ? [] : [entry];
    }),
  );
  return Object.fromEntries(entries.flat());
}

/** A proxy on this machine at the port that the server listens on: by any name and any address of the machine. */
async function isOwnAddress(value: string, { host, port }: { host: string; port: number }): Promise<boolean> {
  const url = parseProxy(value);
  if (url === undefined || Number(url.port || (url.protocol === "https:" ? 443 : 80)) !== port) return false;
  const name = hostOf(url).toLowerCase();
  if (
    [host.toLowerCase(), hostname().toLowerCase(), "localhost"].includes(name) ||
    name.endsWith(".localhost")
  ) {
    return true;
  }
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.some(({ address }) => isThisMachine(address));
}

function isThisMachine(address: string): boolean {
  const parsed = ipaddr.process(address.replace(/%.*$/, ""));
  if (["loopback", "unspecified"].includes(parsed.range())) return true;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some((one) => ipaddr.process(one.address.replace(/%.*$/, "")).toString() === parsed.toString());
}
