import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The directory in which Go programs keep their caches (https://pkg.go.dev/os#UserCacheDir). Not absolute if
 * XDG_CACHE_HOME is not; such programs refuse to run then.
 */
export function userCacheDir(env: Record<string, string | undefined>): string {
  if (process.platform === "win32") return env.LocalAppData ?? homedir();
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  return env.XDG_CACHE_HOME || join(homedir(), ".cache");
}
