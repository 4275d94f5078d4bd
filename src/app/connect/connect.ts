/** `connect`: the helper of one go command that shares a server's remote. */

import { ForeignPathError } from "../../lib/files/path-owner.ts";
import { formatListenAddress, type ListenAddress } from "../../lib/network/listen-address.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { NoListenerError } from "../../net/client-socket.ts";
import { LINK_VERSION } from "../../net/link-protocol.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { trustSetOf } from "../cache-dir/trusted-dir.ts";
import type { Config } from "../config.ts";
import { type RunContext, runDirect } from "../direct.ts";
import { LazyRemote } from "../remote/lazy-remote.ts";
import { serveStdin } from "../stdin-session.ts";
import { connectGreeted, type Greeted } from "./greeted.ts";
import { ServerSilence } from "./server-silence.ts";

export interface ConnectOptions {
  address: ListenAddress;
  /** How long to wait for a server to listen. */
  waitMs: number;
  /** Whether to continue without a server when nothing listens, as without `connect`. */
  isFallback: boolean;
  project: string | undefined;
}

/** Serves until go closes the session or goes away. Rejects when nothing listens. */
export async function runConnect(
  config: Config,
  options: ConnectOptions,
  context: RunContext,
): Promise<number> {
  const { address, isFallback } = options;
  const { log } = context;
  const withoutServer = () => runDirect(isFallback ? config : { ...config, remote: undefined }, context);
  const silence = new ServerSilence(locateCacheDir(config.cacheDir, context.env).root, address);
  if (silence.isKnown) {
    log.info(() => `the server on ${formatListenAddress(address)} did not answer a moment ago`);
    return await withoutServer();
  }
  const greeted = await connectGreeted(address, options.waitMs).catch((error: unknown) => {
    if (error instanceof ForeignPathError) log.warn("server", `the server is not used: ${error.message}`);
    else if (error instanceof NoListenerError && isFallback) {
      log.info(() => `nothing listens on ${formatListenAddress(address)}; continuing without a server`);
    } else throw withRemedy(error, address);
  });
  if (greeted === undefined) return await withoutServer();
  const { line, socket, server } = greeted;
  if (line !== undefined && !isTrusted(config, address, greeted)) {
    log.warn("server", "the server is not used: it does not belong to this user, or trusts other keys");
    socket.destroy();
    return await withoutServer();
  }
  if (server?.link === LINK_VERSION) return await serveLinked(config, options, context, { greeted, silence });
  if (line === undefined) {
    // It may just be dying, and a server that dies must not fail a build.
    log.warn(
      "server",
      `server on ${formatListenAddress(address)} disabled for this command: it does not answer (see "go-cache-plugin serve --status")`,
    );
    if (greeted.isSilent) silence.note();
    socket.destroy();
    return await withoutServer();
  }
  if (!isHello(line)) {
    throw new Error(`the program on ${formatListenAddress(address)} is not a server for go commands`);
  }
  const { bridge } = await import("./bridge.ts");
  return await bridge(socket, line);
}

async function serveLinked(
  config: Config,
  { project, address }: ConnectOptions,
  { env, log, watchProgress }: RunContext,
  { greeted, silence }: { greeted: Greeted; silence: ServerSilence },
): Promise<number> {
  const { socket, server } = greeted;
  const { cacheDir, journalDir } = server ?? {};
  const { job } = config;
  const onSilent = () => silence.note();
  return await serveStdin({
    config,
    log,
    watchProgress,
    dir: locateCacheDir(cacheDir, env),
    note: { env, project, isServed: true },
    openRemote: ({ counters, local }) =>
      new LazyRemote(
        async () => {
          const { openLink } = await import("./open-link.ts");
          const server = { socket, address: formatListenAddress(address), journalDir, onSilent };
          return openLink({ ...server, env, log, local, counters, project, job });
        },
        {
          settles: true,
          onFailure: (error) =>
            log.warn("server", `server disabled for this command: ${describeError(error)}`),
        },
      ),
    prunes: false,
  });
}

/**
 * Whether the server's entries are all signed by keys that we trust. A plain bridge does not say, and on a port anybody
 * may listen.
 */
function isTrusted({ cacheDir }: Config, address: ListenAddress, { server }: Greeted): boolean {
  if (typeof cacheDir !== "object") return true;
  return address.kind === "unix" && server !== undefined && trustSetOf(server.cacheDir) === cacheDir.trustSet;
}

function withRemedy(error: unknown, address: ListenAddress): unknown {
  if (!(error instanceof NoListenerError)) return error;
  const start = `go-cache-plugin serve --plugin=${formatListenAddress(address)}`;
  return new Error(`${error.message}; start a server ("${start}"), or use --wait or --fallback`);
}

function isHello(line: string): boolean {
  try {
    return Array.isArray(JSON.parse(line).KnownCommands);
  } catch {
    return false;
  }
}
