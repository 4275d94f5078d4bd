import { hostname } from "node:os";
import type { ListenAddress } from "../../lib/listen-address.ts";

type Environment = Record<string, string | undefined>;

const VARIABLES = /^(https?|all)_proxy$/i;

/**
 * The environment without proxies that are this server itself: where HTTPS_PROXY is set for a whole job, the server
 * is started with it as well, and would ask itself.
 */
export function withoutOwnProxy(env: Environment, http: ListenAddress | undefined): Environment {
  if (http?.kind !== "tcp") return env;
  const entries = Object.entries(env).filter(
    ([name, value]) => !VARIABLES.test(name) || !isOwn(value ?? "", http),
  );
  return Object.fromEntries(entries);
}

function isOwn(value: string, { host, port }: { host: string; port: number }): boolean {
  const text = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const own = ["localhost", "127.0.0.1", "::1", hostname().toLowerCase(), host.toLowerCase()];
  return Number(url.port || 80) === port && own.includes(url.hostname.replace(/^\[|\]$/g, "").toLowerCase());
}
