/** What `--http` offers, put together from the settings. */

import { createHttpListener } from "../../../http/listener.ts";
import type { ForwardProxy, HttpMount } from "../../../http/mount.ts";
import { Router } from "../../../http/router.ts";
import { formatListenAddress, type ListenAddress } from "../../../lib/network/listen-address.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { bind } from "../../../net/bind.ts";
import type { ServedPart, ServeParts } from "../parts.ts";
import type { ServerPages } from "./pages.ts";

const POLL_MS = 20;

/** The proxies are there only where they are configured. */
export interface HttpPartOptions {
  parts: ServeParts;
  address: ListenAddress;
  /** Of the server itself. */
  server: ServerPages;
  moduleProxy: HttpMount | undefined;
  forwardProxy: ForwardProxy | undefined;
}

export interface HttpPart extends ServedPart {
  address: ListenAddress;
}

/** Listens from here on. Rejects when that is not possible. */
export async function openHttp(options: HttpPartOptions): Promise<HttpPart> {
  const { parts, address, server: own, moduleProxy, forwardProxy } = options;
  const { log, env } = parts;
  const mounts = new Map<string, HttpMount>(moduleProxy === undefined ? [] : [["/mod/", moduleProxy]]);
  const router = new Router({
    pages: own.pages,
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
      await own.events.end();
      while (router.active > 0 && performance.now() < endMs) await Bun.sleep(POLL_MS);
    },
    close: async () => {
      bound.close();
      listener.closeAllConnections();
    },
  };
}
