/** What `--plugin` offers: sessions of go commands. */
import { createServer, type Socket } from "node:net";
import { LocalCache } from "../../../buildcache/local-cache.ts";
import type { RemoteBuilds } from "../../../buildcache/remote-builds.ts";
import { formatListenAddress, type ListenAddress } from "../../../lib/network/listen-address.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { bind } from "../../../net/bind.ts";
import { LINK_VERSION, type ServerInfo } from "../../../net/link-protocol.ts";
import { socketForeignness } from "../../../net/socket-owner.ts";
import { detectCi } from "../../../remote/scope/detect-ci.ts";
import { detectScope, type Scope } from "../../../remote/scope/scope.ts";
import { LocalDir } from "../../../store/local/local-dir.ts";
import { FallbackDir } from "../../cache-dir/fallback-dir.ts";
import type { Config } from "../../config.ts";
import type { ServedPart, ServeParts } from "../parts.ts";
import { type PluginCaches, PluginConnection } from "./plugin-connection.ts";
import { RemotePool } from "./remote-pool.ts";

/** So many at once; above that, who has not said a word yet has to go, and where all have, the newcomer. */
const MAX_CONNECTIONS = 2_000;
const POLL_MS = 20;
const LINK_GRACE_MS = 1_000;

export interface PluginPart extends ServedPart {
  address: ListenAddress;
  /** How many connections there are of each kind. */
  sessions(): Record<PluginConnection["kind"], number>;
  /** Those that there are, in the order in which they came. */
  readonly connections: ReadonlySet<PluginConnection>;
  readonly pool: RemotePool | undefined;
}

/** Listens from here on. Rejects when that is not possible. */
export async function openPlugin(parts: ServeParts, address: ListenAddress): Promise<PluginPart> {
  const { config, env, root, shownRoot, log, counters } = parts;
  const local = new LocalCache({
    dir: new LocalDir(root, shownRoot),
    fallback: new FallbackDir(root),
    expiryMs: config.expiryMs,
    onTrouble: (error) =>
      log.warn("disk", `cache directory ${root} can't be written: ${describeError(error)}`),
  });
  const connections = new Set<PluginConnection>();
  const opened = Promise.withResolvers<{ caches: PluginCaches; info: ServerInfo }>();
  const server = createServer({ allowHalfOpen: true }, (socket) => void accept(socket));
  // First the address: of two servers that start at once, the one that gets it takes up what was left.
  const bound = await bind(server, address, env);
  if (bound.address.kind === "unix") {
    const problem = socketForeignness(bound.address.path);
    if (problem !== undefined) log.warn("socket", `connect will not use this server: ${problem}`);
  }
  const pool =
    config.remote === undefined ? undefined : new RemotePool({ ...parts, config: withRemote(config) }, local);
  const ownScope = scopeOf(parts, env);
  const caches: PluginCaches = {
    parts,
    local,
    openRemote: (scope, session) => pool?.openSession(scope, session) ?? NOTHING,
    bridgeScope: scopeOf(parts, { ...env, GOVERSION: "" }),
  };
  const info = { link: LINK_VERSION, pid: process.pid, cacheDir: root, journalDir: pool?.journalDir };
  opened.resolve({ caches, info });
  if (detectCi(env) !== undefined) void pool?.prefetch(ownScope);
  log.info(() => `go sessions on ${formatListenAddress(bound.address)}`);

  /** Clients connect as soon as the address is there; they wait until there is something to serve them from. */
  async function accept(socket: Socket): Promise<void> {
    socket.on("error", () => socket.destroy());
    const { caches, info } = await opened.promise;
    const connection = new PluginConnection(socket, caches);
    if (connections.size >= MAX_CONNECTIONS && !makeRoom(connections)) {
      socket.destroy();
      return;
    }
    connections.add(connection);
    counters.add("sessions");
    await connection.serve(info);
    connections.delete(connection);
  }

  return {
    address: bound.address,
    pool,
    connections,
    sessions: () => {
      const counts = { silent: 0, bridge: 0, link: 0 };
      for (const { kind } of connections) counts[kind]++;
      return counts;
    },
    drain: async (limitMs) => {
      bound.close();
      const startedMs = performance.now();
      const isWithin = (ms: number) => performance.now() - startedMs < ms;
      // One whose go has ended tells what was used, now.
      while (connections.size > 0 && isWithin(Math.min(LINK_GRACE_MS, limitMs))) await Bun.sleep(POLL_MS);
      // A bridge that is cut fails its build; a link that is cut misses.
      for (const connection of connections) if (connection.kind !== "bridge") connection.destroy();
      while (connections.size > 0 && isWithin(limitMs)) await Bun.sleep(POLL_MS);
      await pool?.drain(limitMs - (performance.now() - startedMs));
    },
    close: async () => {
      bound.close();
      for (const connection of connections) connection.destroy();
      await pool?.close();
    },
  };
}

function makeRoom(connections: Set<PluginConnection>): boolean {
  const silent = [...connections].find(({ kind }) => kind === "silent");
  if (silent === undefined) return false;
  silent.destroy();
  return connections.delete(silent);
}

function scopeOf({ config }: ServeParts, env: Record<string, string | undefined>): Scope {
  const { project, job } = config.remote ?? {};
  return detectScope({ env, cwd: process.cwd(), project, job, nowMs: Date.now() });
}

function withRemote(config: Config) {
  const { remote } = config;
  if (remote === undefined) throw new Error("no bucket is configured");
  return { ...config, remote };
}

const NOTHING: RemoteBuilds = {
  get: async () => undefined,
  used: () => {},
  put: () => {},
  drain: async () => {},
  settle: async () => {},
  abort: () => {},
};
