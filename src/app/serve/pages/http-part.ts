/** The listener of `--http`. */
import { createHttpListener } from "../../../http/listener.ts";
import type { HttpMount } from "../../../http/mount.ts";
import { Router } from "../../../http/router.ts";
import { formatListenAddress, type ListenAddress } from "../../../lib/network/listen-address.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { bind } from "../../../net/bind.ts";
import type { ListeningPart } from "../parts.ts";
import type { ServerState } from "../server-state.ts";
import { serverPages } from "./pages.ts";

const POLL_MS = 20;

/** Listens from here on, for the proxies that `state` has. Rejects when that is not possible. */
export async function openHttp(state: ServerState, address: ListenAddress): Promise<ListeningPart> {
  const { parts, moduleProxy, forwardProxy } = state;
  const { log, env } = parts;
  const { pages, events } = serverPages(state);
  const mounts = new Map<string, HttpMount>(moduleProxy === undefined ? [] : [["/mod/", moduleProxy]]);
  const router = new Router({
    pages,
    mounts,
    forwardProxy,
    listenHost: address.kind === "tcp" ? address.host : undefined,
    onFailure: (what, error) => log.info(() => `${what}: ${describeError(error)}`),
  });
  const listener = createHttpListener(router, { takesTunnels: forwardProxy !== undefined });
  const bound = await bind(listener.server, address, env);
  log.info(() => `HTTP on ${formatListenAddress(bound.address)}`);
  return {
    address: bound.address,
    // It goes on answering: that this server is about to end is worth asking.
    drain: async (limitMs) => {
      const endMs = performance.now() + limitMs;
      await events.end();
      while (router.active > 0 && performance.now() < endMs) await Bun.sleep(POLL_MS);
    },
    close: async () => {
      bound.close();
      listener.closeAllConnections();
    },
  };
}
