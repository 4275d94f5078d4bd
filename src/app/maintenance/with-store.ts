import { Counters } from "../../lib/counters.ts";
import type { StoreOptions } from "../../remote/patient-store.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import type { CacheDirSetting, RemoteConfig } from "../config.ts";
import { openStore } from "../remote/open-store.ts";

/** Options of commands on the whole bucket. */
export interface MaintenanceOptions {
  config: RemoteConfig;
  /** As configured; see `cache-dir.ts`. */
  cacheDir: CacheDirSetting;
  env: Record<string, string | undefined>;
}

/** Opens the configured store for as long as `use` takes. */
export async function withStore<T>(
  { config, cacheDir, env }: MaintenanceOptions,
  use: (options: StoreOptions) => Promise<T>,
): Promise<T> {
  const { root } = locateCacheDir(cacheDir, env);
  await using store = openStore({ config, root, env, counters: new Counters() });
  return await use({ store, prefix: config.prefix });
}
