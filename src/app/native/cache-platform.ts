/** Which runs in the bucket are those of which cache: the platform of their scope says it. */
import { type CacheName, LINTERS } from "./native-caches.ts";

/** Modules are the same on every platform, and for every release of go. */
const MODULES: CacheName = "modules";

/** `platform`: of go, such as `linux_amd64_go1.26.3`. */
export function platformOf(cache: CacheName, platform: string): string {
  if (cache === "build") return platform;
  return cache === MODULES ? MODULES : `${platform}_${cache}`;
}

/** The reverse. `platform`: `undefined`: it is the same on all. */
export function cacheOf(scopePlatform: string): { cache: CacheName; platform: string | undefined } {
  if (scopePlatform === MODULES) return { cache: MODULES, platform: undefined };
  const cache = LINTERS.find(({ name }) => scopePlatform.endsWith(`_${name}`))?.name;
  if (cache === undefined) return { cache: "build", platform: scopePlatform };
  return { cache, platform: scopePlatform.slice(0, -`_${cache}`.length) };
}
