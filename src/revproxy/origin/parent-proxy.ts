import { environmentProxy } from "../../lib/network/env-proxy.ts";
import type { Resource } from "../resource.ts";

/** The proxy that the environment names for an origin; `undefined`: connect directly. Only `http://` proxies are supported. */
export function parentProxy(
  { scheme, authority }: Pick<Resource, "scheme" | "authority">,
  env: Readonly<Record<string, string | undefined>>,
): URL | undefined {
  const proxy = environmentProxy({ scheme, ...authority }, env);
  return proxy?.protocol === "http:" ? proxy : undefined;
}
