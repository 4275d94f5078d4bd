import { resolveSettings, toConfig } from "../../../src/cli/options/settings.ts";

/** The settings of a server whose forward proxy caches these hosts. */
export function proxyConfig(hosts: readonly string[]) {
  const flags = new Map([
    ["revproxy", hosts.join(",")],
    ["http", "127.0.0.1:0"],
  ]);
  return toConfig(resolveSettings(flags, {}));
}
