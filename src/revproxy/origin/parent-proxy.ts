/** Which proxy leads to an origin. */
import { environmentProxy } from "../../lib/network/env-proxy.ts";
import type { Resource } from "../resource.ts";

/** `undefined`: the origin is reached directly. Only proxies at `http://` addresses are spoken to. */
export function parentProxy(
  { scheme, authority }: Pick<Resource, "scheme" | "authority">,
  env: Readonly<Record<string, string | undefined>>,
): URL | undefined {
  const proxy = environmentProxy({ scheme, ...authority }, env);
  return proxy?.protocol === "http:" ? proxy : undefined;
}
