import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isHttpUrl } from "../../lib/network/http-url.ts";
import { parseNetrc } from "../../modproxy/upstream/netrc.ts";
import { parseUpstreams, type Upstream } from "../../modproxy/upstream/upstream-list.ts";
import { type GoSettings, readStockGoProxy } from "../go-env.ts";

/**
 * The upstreams for modules: `--upstream`, else go's GOPROXY without this proxy itself, else GOPROXY's default. Throws
 * when go is not there to ask.
 */
export function chooseUpstreams(options: {
  configured: string | undefined;
  go: GoSettings;
  env: Record<string, string | undefined>;
  /** The port that this proxy listens on, if any. */
  ownPort: number | undefined;
}): Upstream[] {
  const { configured, go, env, ownPort } = options;
  if (configured !== undefined) return parseUpstreams(configured);
  const own = tryParse(go.GOPROXY).filter(({ url }) => !isOurs(url, ownPort));
  // "off" means to ask no upstream.
  if (own.length > 0 || go.GOPROXY.trim() === "off") return own;
  const stock = readStockGoProxy(env);
  if (stock === undefined) {
    throw new Error(
      "no upstream for modules: there is no go on the PATH to read GOPROXY from, so set --upstream",
    );
  }
  return parseUpstreams(stock);
}

/** Credentials by host, from `$NETRC` or the file in the home directory. */
export function readNetrc(env: Record<string, string | undefined>): Map<string, string> {
  const name = process.platform === "win32" ? "_netrc" : ".netrc";
  try {
    return parseNetrc(readFileSync(env.NETRC || join(env.HOME || homedir(), name), "utf8"));
  } catch {
    return new Map();
  }
}

/** GOPROXY may have entries that only go supports, such as file: URLs. */
function tryParse(text: string): Upstream[] {
  const list: Upstream[] = [];
  for (const entry of text.split(/(?<=[,|])/)) {
    const word = entry.replace(/[,|]$/, "").trim();
    if (word === "direct" || word === "off") break;
    try {
      list.push(...parseUpstreams(entry));
    } catch {
      // See above.
    }
  }
  return list;
}

/** Whether a URL is the module proxy of a server on this machine, at `ownPort` if given. */
export function isOurs(url: string, ownPort: number | undefined): boolean {
  const parsed = new URL(url);
  const { hostname, port, pathname } = parsed;
  const isLocal = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  return (
    isHttpUrl(parsed) &&
    isLocal &&
    pathname.startsWith("/mod") &&
    (ownPort === undefined || Number(port || "80") === ownPort)
  );
}
