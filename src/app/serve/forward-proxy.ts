/** The caching forward proxy. */
import type { ForwardProxy } from "../../http/mount.ts";
import type { ServedPart, ServeParts } from "./parts.ts";

export function openForwardProxy(_parts: ServeParts): ServedPart & ForwardProxy {
  throw new Error("--revproxy is not in this version");
}
