/** The listener of `--plugin`, for sessions of go commands. */
import { createServer } from "node:net";
import { formatListenAddress, type ListenAddress } from "../../../lib/network/listen-address.ts";
import { bind } from "../../../net/bind.ts";
import { LINK_VERSION } from "../../../net/link-protocol.ts";
import { socketForeignness } from "../../../net/socket-owner.ts";
import { detectCi } from "../../../remote/scope/detect-ci.ts";
import { detectScope, type Scope } from "../../../remote/scope/scope.ts";
import { FallbackDir } from "../../cache-dir/fallback-dir.ts";
import { openLocalCache } from "../../cache-dir/open-local-cache.ts";
import { withChosenResults } from "../../remote/chosen-results.ts";
import { noRemote } from "../../remote/no-remote.ts";
import type { ListeningPart, ServeParts } from "../parts.ts";
import { PluginConnections } from "./plugin-connections.ts";
import { RemotePool } from "./remote-pool.ts";

export interface PluginPart extends ListeningPart {
  readonly connections: PluginConnections;
  readonly pool: RemotePool | undefined;
}

/** Listens from here on. Rejects when that is not possible. */
export async function openPlugin(parts: ServeParts, address: ListenAddress): Promise<PluginPart> {
  const { env, root, log } = parts;
  const local = openLocalCache(parts, new FallbackDir(root));
  const connections = new PluginConnections(parts.counters);
  const server = createServer({ allowHalfOpen: true }, (socket) => void connections.accept(socket));
  // First the address: of two servers that start at once, the one that gets it adopts the journals.
  const bound = await bind(server, address, env);
  if (bound.address.kind === "unix") {
    const problem = socketForeignness(bound.address.path);
    if (problem !== undefined) log.warn("socket", `connect will not use this server: ${problem}`);
  }
  const { remote } = parts.config;
  const pool = remote && new RemotePool({ ...parts, config: { ...parts.config, remote } }, local);
  const ownScope = scopeOf(parts, env);
  connections.start(
    {
      parts,
      local,
      openRemote: (scope, session) => {
        const remote = pool?.openSession(scope, session) ?? noRemote("unknown");
        return withChosenResults(remote, parts.config, local);
      },
      bridgeScope: scopeOf(parts, { ...env, GOVERSION: "" }),
    },
    { link: LINK_VERSION, pid: process.pid, cacheDir: root, journalDir: pool?.journalDir },
  );
  if (detectCi(env) !== undefined) void pool?.prefetch(ownScope);
  log.info(() => `go sessions on ${formatListenAddress(bound.address)}`);
  return {
    address: bound.address,
    pool,
    connections,
    drain: async (limitMs) => {
      bound.close();
      const endMs = performance.now() + limitMs;
      await connections.drain(limitMs);
      await pool?.drain(endMs - performance.now());
    },
    close: async () => {
      bound.close();
      connections.close();
      await pool?.close();
    },
  };
}

function scopeOf({ config }: ServeParts, env: Record<string, string | undefined>): Scope {
  const { project, job } = config.remote ?? {};
  return detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() });
}
