/** The bucket under examination, with what its checks find out for later ones. */
import { posix } from "node:path";
import { Counters } from "../../../lib/counters.ts";
import { configuredEndpoint } from "../../../s3/address.ts";
import type { ListedObject, ObjectStore, StoredObject } from "../../../store/object-store.ts";
import { machineId } from "../../cache-dir/machine-id.ts";
import type { RemoteConfig } from "../../config.ts";
import { openStore } from "../../remote/open-store.ts";

export interface Bucket {
  config: RemoteConfig;
  store: ObjectStore;
  /** `undefined`: AWS, or a directory. */
  endpoint: string | undefined;
  /** Counts the answers to the store's requests. */
  counters: Counters;
  /** The object that is written and removed. Named after the machine, so that leftovers don't pile up. */
  probeKey: string;
  /** Its content now; `undefined`: none of ours. */
  probe: Buffer | undefined;
  /** An object that was there before. */
  sample: ListedObject | undefined;
  /** Why it could not be listed, where that is a matter of rights. */
  listRefusal: unknown;
  /** Whether requests are sent without a signature, since there are no credentials. */
  isUnsigned: boolean;
  /** The server's clock less ours, milliseconds. */
  skewMs: number | undefined;
}

/** Sends nothing yet. Throws for a bucket or an endpoint that can't be one. */
export function openBucket(options: {
  config: RemoteConfig;
  /** The cache directory. */
  root: string;
  env: Record<string, string | undefined>;
}): Bucket {
  const { config, root, env } = options;
  const { bucket } = config;
  const counters = new Counters();
  return {
    config,
    store: openStore({ ...options, counters }),
    endpoint: bucket.kind === "s3" ? configuredEndpoint(bucket.endpointUrl, env) : undefined,
    counters,
    probeKey: posix.join(config.prefix, "doctor", `${machineId(root)}-${process.pid}`),
    probe: undefined,
    sample: undefined,
    listRefusal: undefined,
    isUnsigned: false,
    skewMs: undefined,
  };
}

/** All of its bytes; none where there is no object. */
export async function readWhole(object: StoredObject | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of object?.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
