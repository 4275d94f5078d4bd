/** The module and checksum proxy at `/mod/`. */
import { openConfiguredProxy } from "../modules/open-module-proxy.ts";
import type { ServeParts } from "./parts.ts";
import type { ModuleProxyPart } from "./server-state.ts";

export function openModuleProxy(parts: ServeParts): ModuleProxyPart {
  const open = openConfiguredProxy({ ...parts, store: parts.openStore() });
  const { proxy, prefetch, waitingUploads, drain, close, upstreams } = open;
  prefetch.readAhead();
  return {
    handle: (request, response, target) => proxy.handle(request, response, target),
    upstreamUrls: upstreams.map(({ url }) => url),
    waitingUploads,
    drain,
    close,
  };
}
