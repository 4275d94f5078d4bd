/** The module and checksum proxy at `/mod/`. */
import type { HttpMount } from "../../http/mount.ts";
import { openConfiguredProxy } from "../open-module-proxy.ts";
import type { ServedPart, ServeParts } from "./parts.ts";

export function openModuleProxy(parts: ServeParts): ServedPart & HttpMount {
  const { proxy, drain, close } = openConfiguredProxy({ ...parts, store: parts.openStore() });
  return {
    handle: (request, response, target) => proxy.handle(request, response, target),
    drain,
    close,
  };
}
