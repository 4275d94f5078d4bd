/** The module and checksum proxy at `/mod/`. */
import type { HttpMount } from "../../http/mount.ts";
import { openConfiguredProxy } from "../open-module-proxy.ts";
import type { ServedPart, ServeParts } from "./parts.ts";

export function openModuleProxy(parts: ServeParts): ServedPart & HttpMount {
  const { proxy, bringer, drain, close } = openConfiguredProxy({ ...parts, store: parts.openStore() });
  bringer.prepare();
  return {
    handle: (request, response, target) => proxy.handle(request, response, target),
    drain,
    close,
  };
}
