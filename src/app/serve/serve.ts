/** Server mode: many go commands, and HTTP, in one process. */
import { Counters } from "../../lib/counters.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { locateCacheDir } from "../cache-dir.ts";
import type { Config } from "../config.ts";
import type { RunContext } from "../direct.ts";
import { withGoEnv } from "../go-env.ts";
import { openStore } from "../open-store.ts";
import { openHttp } from "./http-part.ts";
import { openModuleProxy } from "./module-proxy.ts";
import type { ServedPart, ServeParts } from "./parts.ts";
import { untilStopped } from "./until-stopped.ts";

/** Serves until a signal says otherwise; resolves with the exit code when all is drained. */
export async function runServe(config: Config, context: RunContext): Promise<number> {
  const env = withGoEnv(context.env);
  const { root } = locateCacheDir(config.cacheDir, env);
  const counters = new Counters();
  let store: ObjectStore | undefined;
  const { remote } = config;
  const parts: ServeParts = {
    config,
    env,
    root,
    log: context.log,
    counters,
    openStore: () => {
      if (remote !== undefined) store ??= openStore({ config: remote, root, env, counters });
      return store;
    },
  };
  const running = await openAll(parts);
  await untilStopped(async () => {
    await Promise.all(running.map((part) => part.drain(config.drainTimeoutMs)));
  });
  for (const part of running.toReversed()) await part.close();
  await store?.[Symbol.asyncDispose]();
  return 0;
}

/** In the order in which they are needed; what is open already is closed when a later one fails. */
async function openAll(parts: ServeParts): Promise<ServedPart[]> {
  const { http, modproxy, revproxy, forwardConnect } = parts.config.serve;
  const open: ServedPart[] = [];
  const add = <T extends ServedPart>(part: T): T => {
    open.push(part);
    return part;
  };
  try {
    if (http === undefined) return open;
    const moduleProxy = modproxy ? add(openModuleProxy(parts)) : undefined;
    const isProxy = revproxy.length > 0 || forwardConnect;
    const forwardProxy = isProxy ? add(await loadForwardProxy(parts)) : undefined;
    add(await openHttp({ parts, address: http, pages: new Map(), moduleProxy, forwardProxy }));
    return open;
  } catch (error) {
    for (const part of open.toReversed()) await part.close();
    throw error;
  }
}

/** Loaded only where it is wanted: it brings much with it that makes certificates. */
async function loadForwardProxy(parts: ServeParts) {
  const { openForwardProxy } = await import("./forward-proxy.ts");
  return await openForwardProxy(parts);
}
