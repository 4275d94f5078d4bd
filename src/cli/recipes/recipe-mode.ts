/** How go uses the cache in a recipe. */
import type { Settings } from "../options/options.ts";
import { UsageError } from "../usage-error.ts";

/**
 *     native   restore and save fill go's own cache directory, and read it out
 *     direct   GOCACHEPROG starts a process for each go command
 *     server   GOCACHEPROG connects to one process for all
 */
export type Mode = "native" | "direct" | "server";

/** Of the option; `auto`: see `recipeMode`. */
export const MODES = ["auto", "native", "direct", "server"] as const;

/** Places without a beginning and an end of a job. */
const LASTING_PLACES = ["shell", "docker"];

/** By default native in a CI, unless an option needs a server, or the bucket has objects that `restore` does not read. */
export function recipeMode(
  wanted: (typeof MODES)[number],
  place: string,
  { layout, needsServer }: Pick<Settings, "layout"> & { needsServer: boolean },
): Mode {
  const isLasting = LASTING_PLACES.includes(place);
  if (wanted === "auto") {
    if (needsServer) return "server";
    return isLasting || layout !== "packed" ? "direct" : "native";
  }
  if (needsServer && wanted !== "server")
    throw new UsageError(`--mode=${wanted} starts no server: leave out --plugin, --http and what needs it`);
  if (wanted === "native" && isLasting)
    throw new UsageError(`"init ${place}" has no native mode: run "go-cache-plugin exec -- COMMAND" there`);
  if (wanted === "native" && layout === "split")
    throw new UsageError("--mode=native needs --layout=packed or both");
  return wanted;
}
