import type { FuzzTarget } from "./target.ts";
import { CACHEPROG_TARGETS } from "./targets/cacheprog.ts";
import { COLLECTION_TARGETS } from "./targets/collection.ts";
import { HTTP_TARGETS } from "./targets/http.ts";
import { LINK_TARGETS } from "./targets/link.ts";
import { LOCAL_TARGETS } from "./targets/local-files.ts";
import { MODULE_TREE_TARGETS } from "./targets/module-trees.ts";
import { MODULE_TARGETS } from "./targets/modules.ts";
import { PACK_TARGETS } from "./targets/packs.ts";
import { PROXY_TARGETS } from "./targets/proxy.ts";
import { RECORD_TARGETS } from "./targets/records.ts";
import { S3_TARGETS } from "./targets/s3.ts";
import { SCOPE_TARGETS } from "./targets/scope.ts";
import { SUMDB_TARGETS } from "./targets/sumdb.ts";

/** All readers of untrusted input. */
export const TARGETS: readonly FuzzTarget[] = [
  ...CACHEPROG_TARGETS,
  ...LOCAL_TARGETS,
  ...RECORD_TARGETS,
  ...COLLECTION_TARGETS,
  ...PACK_TARGETS,
  ...S3_TARGETS,
  ...LINK_TARGETS,
  ...MODULE_TARGETS,
  ...MODULE_TREE_TARGETS,
  ...SUMDB_TARGETS,
  ...PROXY_TARGETS,
  ...HTTP_TARGETS,
  ...SCOPE_TARGETS,
];

/** The target of that name. Throws when there is none. */
export function targetOf(name: string): FuzzTarget {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined)
    throw new Error(`unknown target ${name}; there are: ${TARGETS.map((t) => t.name).join(", ")}`);
  return found;
}
