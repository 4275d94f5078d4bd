/** Opens the module proxy from the settings, for `serve` and the `mod` commands. */
import { hostname } from "node:os";
import { join } from "node:path";
import { type Database, parseDatabases } from "../../gomod/sumdb/databases.ts";
import type { Counters } from "../../lib/counters.ts";
import type { Logger } from "../../lib/logger.ts";
import { type OpenProxy, openProxy } from "../../modproxy/open-proxy.ts";
import { Policy } from "../../modproxy/policy.ts";
import type { Upstream } from "../../modproxy/upstream/upstream-list.ts";
import { detectScope } from "../../remote/scope/scope.ts";
import type { GuardedStore } from "../../store/guard/guarded-store.ts";
import { LocalDir, STATE_DIR } from "../../store/local/local-dir.ts";
import type { Config } from "../config.ts";
import { readGoSettings } from "../go-env.ts";
import { proxyTier } from "../remote/open-store.ts";
import { chooseUpstreams, readNetrc } from "./module-upstreams.ts";

export interface ModuleProxyParts {
  config: Config;
  env: Record<string, string | undefined>;
  /** The cache directory. */
  root: string;
  store: GuardedStore | undefined;
  counters: Counters;
  log: Logger;
}

/** Throws for settings that can't be used. */
export function openConfiguredProxy({
  config,
  env,
  root,
  store,
  counters,
  log,
}: ModuleProxyParts): OpenProxy & { upstreams: readonly Upstream[] } {
  const { sumdb, upstream, http } = config.serve;
  const go = readGoSettings(env);
  const databases = parseDatabases(sumdb, go.GOSUMDB);
  const upstreams = chooseUpstreams({
    configured: upstream,
    go,
    env,
    ownPort: http?.kind === "tcp" ? http.port : undefined,
  });
  log.info(() => `module upstreams: ${upstreams.map(({ url }) => url).join(", ") || "none, only the cache"}`);
  const remote = store && openRemote({ config, env, root, store });
  const proxy = openProxy({
    dir: new LocalDir(root),
    remote,
    upstream: { list: upstreams, netrc: readNetrc(env), env },
    sumdb: { databases, verifying: chooseDatabase(databases, go.GOSUMDB), stateDir: join(root, STATE_DIR) },
    policy: new Policy({ goPrivate: go.GOPRIVATE, goNoProxy: go.GONOPROXY, goNoSumdb: go.GONOSUMDB }),
    counters,
    log,
  });
  return { ...proxy, upstreams };
}

function openRemote(options: Pick<ModuleProxyParts, "config" | "env" | "root"> & { store: GuardedStore }) {
  const { config, env, root, store } = options;
  const { remote } = config;
  if (remote === undefined) return undefined;
  const { project, job } = remote;
  const scope = detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() });
  return { ...proxyTier(remote, root, store), scope, host: hostname() };
}

/** The database that go itself verifies with, if the proxy passes it on; else the first one with a known key. */
function chooseDatabase(databases: ReadonlyMap<string, Database>, goSumdb: string): Database | undefined {
  if (goSumdb === "off") return undefined;
  const named = databases.get(goSumdb.split(/[\s+]/)[0] ?? "");
  const known = [...databases.values()].find(({ verifier }) => verifier !== undefined);
  return named?.verifier === undefined ? known : named;
}
