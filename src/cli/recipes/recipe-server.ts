/** The server of a recipe, and the variables that it needs in addition. */
import { posix } from "node:path";
import { formatListenAddress } from "../../lib/network/listen-address.ts";
import type { Variable } from "../options/given-values.ts";
import type { Settings } from "../options/options.ts";
import type { Environment } from "../options/settings.ts";
import { goProxyWord } from "../text/server-exports.ts";
import { UsageError } from "../usage-error.ts";
import { type MODES, type Mode, recipeMode } from "./recipe-mode.ts";

const HTTP = "5970";
const SOCKET = "go-cache-plugin.sock";

export interface RecipeServer {
  mode: Mode;
  /** Default addresses for those not given. */
  variables: Variable[];
  /** GOPROXY for a shell to evaluate between double quotes; `undefined`: no module proxy. */
  goproxy: string | undefined;
}

/** A recipe has a server if an option needs one, or if it is wanted. */
export function recipeServer(
  place: string,
  wanted: (typeof MODES)[number],
  settings: Settings,
  env: Environment,
): RecipeServer {
  const { layout, plugin, http, modproxy, revproxy, forwardConnect } = settings;
  const needsHttp = modproxy || revproxy.length > 0 || forwardConnect;
  const needsServer = needsHttp || plugin !== undefined || http !== undefined;
  const mode = recipeMode(wanted, place, { layout, needsServer });
  // The action for GitHub creates its own socket.
  const needsPlugin = mode === "server" && plugin === undefined && place !== "github";
  const variables: Variable[] = [];
  if (needsPlugin) variables.push(["GOCACHE_PLUGIN", socketPath(place, env)]);
  if (needsHttp && http === undefined) variables.push(["GOCACHE_HTTP", HTTP]);
  return { mode, variables, goproxy: modproxy ? goproxyAt(http) : undefined };
}

/** Not in the temporary directory on a machine that people share. */
function socketPath(place: string, env: Environment): string {
  // The target machine has slashes, also if this one is Windows.
  return posix.join(place === "shell" ? env.XDG_RUNTIME_DIR || env.HOME || "/tmp" : "/tmp", SOCKET);
}

function goproxyAt(http: Settings["http"]): string {
  if (http === undefined) return goProxyWord(`127.0.0.1:${HTTP}`);
  if (http.kind === "tcp") return goProxyWord(formatListenAddress(http));
  throw new UsageError("--modproxy needs a port as --http: go can't connect to a socket");
}
