/** The module and checksum proxy at `/mod/`. */
import type { HttpMount } from "../../http/mount.ts";
import { openConfiguredProxy } from "../modules/open-module-proxy.ts";
import type { ServedPart, ServeParts } from "./parts.ts";
import type { ProxyState } from "./server-state.ts";

export function openModuleProxy(
  parts: ServeParts,
): ServedPart & HttpMount & ProxyState & { upstreamUrls: string[] } {
  const open = openConfiguredProxy({ ...parts, store: parts.openStore() });
  const { proxy, bringer, waitingUploads, health, drain, close, upstreams } = open;
  bringer.prepare();
  return {
    handle: (request, response, target) => proxy.handle(request, response, target),
    upstreamUrls: upstreams.map(({ url }) => url),
    waitingUploads,
    health,
    drain,
    close,
  };
}
