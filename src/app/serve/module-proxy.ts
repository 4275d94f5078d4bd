/** The module and checksum proxy at `/mod/`. */
import type { HttpMount } from "../../http/mount.ts";
import type { ServedPart, ServeParts } from "./parts.ts";

export function openModuleProxy(_parts: ServeParts): ServedPart & HttpMount {
  throw new Error("--modproxy is not in this version");
}
