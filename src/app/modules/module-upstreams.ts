import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isHttpUrl } from "../../lib/network/http-url.ts";
import { parseNetrc } from "../../modproxy/upstream/netrc.ts";
import { parseUpstreams, type Upstream } from "../../modproxy/upstream/upstream-list.ts";
import { type GoSettings, readStockGoProxy } from "../go-env.ts";

/**
 * Where modules come from: `--upstream`; else what GOPROXY is for go, without this proxy itself; else what it is where
 * nobody has set it. Throws when nobody can say.
 */
export function chooseUpstreams(options: {
  configured: string | undefined;
  go: GoSettings;
  env: Record<string, string | undefined>;
  /** The port that this proxy listens on, if it does. */
  ownPort: number | undefined;
}): Upstream[] {
  const { configured, go, env, ownPort } = options;
  if (configured !== undefined) return parseUpstreams(configured);
  const own = tryParse(go.GOPROXY).filter(({ url }) => !isOurs(url, ownPort));
  // "off" is a wish: nothing is to be asked.
  if (own.length > 0 || go.GOPROXY.trim() === "off") return own;
  const stock = readStockGoProxy(env);
  if (stock === undefined) {
    throw new Error(
      "where modules come from is not known: there is no go on the PATH to ask, so set --upstream",
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

/** GOPROXY may hold what only go knows, such as file: URLs. */
function tryParse(text: string): Upstream[] {
  return text.split(/(?<=[,|])/).reduce<{ list: Upstream[]; isOver: boolean }>(
    ({ list, isOver }, entry) => {
      const word = entry.replace(/[,|]$/, "").trim();
      if (isOver || word === "direct" || word === "off") return { list, isOver: true };
      try {
        return { list: [...list, ...parseUpstreams(entry)], isOver };
      } catch {
        return { list, isOver };
      }
    },
    { list: [], isOver: false },
  ).list;
}

/** Whether this is the module proxy of a server on this machine; `ownPort`: the one at that port only. */
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
