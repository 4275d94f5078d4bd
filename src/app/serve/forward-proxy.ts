/** The caching forward proxy. */
import { type Clock, systemClock } from "../../lib/async/clock.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { CertificateAuthority, Lifetimes } from "../../revproxy/certificates/certificate-authority.ts";
import { Exchange } from "../../revproxy/exchange/exchange.ts";
import { PlainForwarder } from "../../revproxy/exchange/plain-forwarder.ts";
import { CachingProxy } from "../../revproxy/forward-proxy.ts";
import { OriginClient } from "../../revproxy/origin/origin-client.ts";
import { originTrust } from "../../revproxy/origin/trust.ts";
import { ProxyLog } from "../../revproxy/proxy-log.ts";
import { ResponseCache } from "../../revproxy/storage/response-cache.ts";
import { Targets } from "../../revproxy/targets.ts";
import { Tunnels } from "../../revproxy/tunnel/tunnels.ts";
import { LocalDir, REVPROXY_DIR } from "../../store/local/local-dir.ts";
import { type RemoteTier, TieredStore } from "../../store/tiered/tiered-store.ts";
import { proxyTier } from "../remote/open-store.ts";
import { configuredHosts } from "./configured-hosts.ts";
import type { ServeParts } from "./parts.ts";
import { openProxyAuthority } from "./proxy-authority.ts";
import type { ForwardProxyPart } from "./server-state.ts";

/** For short-lived responses. */
const MEMORY_BYTES = 32 << 20;

/** No single response takes more than this part of the cache. */
const LARGEST_PART = 1 / 4;

/** Options of the proxy beside the parts of the server. */
export interface ProxyOptions {
  /** Where the module proxy's modules come from. */
  upstreamUrls?: readonly string[];
  /** The certificates' and the cache's, for tests. */
  clock?: Clock;
  lifetimes?: Lifetimes;
}

/** Rejects when a host is invalid. */
export async function openForwardProxy(
  parts: ServeParts,
  { clock = systemClock, lifetimes, upstreamUrls = [] }: ProxyOptions = {},
): Promise<ForwardProxyPart> {
  const { config, counters } = parts;
  const { revproxy, forwardConnect } = config.serve;
  const targets = new Targets(revproxy);
  const log = new ProxyLog({ log: parts.log, count: (name, amount) => counters.add(name, amount) });
  const authority = await openAuthority(parts, clock, lifetimes);
  const tier = openTier(parts);
  const store = openTieredStore(parts, log, tier);
  store.adoptUploads();
  const viaToken = `gcp-${crypto.randomUUID().slice(0, 8)}`;
  const via = `1.1 ${viaToken}`;
  const { env } = parts;
  const origin = new OriginClient({ env, trust: originTrust(env), clock, via });
  const isConfigured = configuredHosts(parts, upstreamUrls);
  const tunnels = new Tunnels({ isAllowed: forwardConnect, isConfigured, env, via, log });
  const cache = new ResponseCache({ store, memoryBytes: MEMORY_BYTES, isSingleHost: targets.isSingleHost });
  const { maxSizeBytes } = config;
  const maxBodyBytes = maxSizeBytes === 0 ? Number.POSITIVE_INFINITY : maxSizeBytes * LARGEST_PART;
  const proxy = new CachingProxy({
    targets,
    authority,
    exchange: new Exchange({ cache, origin, log, clock, maxBodyBytes }),
    forwarder: new PlainForwarder({ tunnels, origin, log }),
    tunnels,
    log,
    viaToken,
  });
  return {
    handle: (request, response) => proxy.handle(request, response),
    connect: (request, socket, head) => proxy.connect(request, socket, head),
    caPem: () => proxy.caPem(),
    waitingUploads: () => store.waitingUploads,
    drain: (limitMs) => store.drain(limitMs),
    async close() {
      proxy.close();
      origin.close();
      await store.close();
    },
  };
}

async function openAuthority(
  { root, log, config }: ServeParts,
  clock: Clock,
  lifetimes: Lifetimes | undefined,
): Promise<CertificateAuthority | undefined> {
  const hosts = config.serve.revproxy;
  if (hosts.length === 0) return undefined;
  const onEphemeral = (error: unknown) =>
    log.warn(
      "ca",
      `the proxy's certificate can't be saved, so it is valid for this process only: ${describeError(error)}`,
    );
  return await openProxyAuthority({ root, hosts, clock, onEphemeral, lifetimes });
}

function openTieredStore(parts: ServeParts, log: ProxyLog, remote: RemoteTier | undefined): TieredStore {
  return new TieredStore({
    dir: new LocalDir(parts.root),
    kind: REVPROXY_DIR,
    remote,
    log: parts.log,
    count: (event, amount) => log.count(COUNTERS[event] ?? `store_${event}`, amount),
  });
}

/** Counters with another name in tailscale/go-cache-plugin. */
const COUNTERS: Readonly<Record<string, string>> = {
  put_s3: "rsp_push",
  put_s3_bytes: "rsp_push_bytes",
  put_s3_error: "rsp_push_error",
  get_fault_miss: "req_fault_miss",
};

function openTier({ config, root, openStore }: ServeParts) {
  const { remote } = config;
  const store = openStore();
  if (remote === undefined || store === undefined) return undefined;
  const { journalDirs, ...tier } = proxyTier(remote, root, store);
  return { ...tier, journalDir: `${journalDirs}-${REVPROXY_DIR}` };
}
