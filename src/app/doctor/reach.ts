import { posix } from "node:path";
import { Deadline } from "../../lib/deadline.ts";
import { PackedKeys } from "../../remote/packed/keys.ts";
import type { ListPage } from "../../store/object-store.ts";
import type { Bucket } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { isNotPermitted } from "./bucket-trouble.ts";
import { credentials } from "./credentials.ts";

/** Enough to ask for a part of it. */
const LEAST_SAMPLE_BYTES = 16;

/** Whether the bucket answers at all, be it with a refusal: the first request, a listing. */
export const reach = bucketCheck({
  name: "reach",
  needs: [credentials],
  permission: "s3:ListBucket",
  run: async (bucket, signal) => {
    const { config, store } = bucket;
    // As long as a build would wait.
    using limit = new Deadline(config.timeoutMs, signal);
    const startedMs = Date.now();
    try {
      const { objects, serverTimeMs } = await firstPage(bucket, config.prefix, limit.signal);
      // The server looked at its clock somewhere between the two.
      bucket.skewMs = serverTimeMs - (startedMs + Date.now()) / 2;
      bucket.sample = objects.find(({ sizeBytes }) => sizeBytes >= LEAST_SAMPLE_BYTES);
    } catch (error) {
      if (!isNotPermitted(error)) throw error;
      bucket.listRefusal = error;
    }
    return [{ severity: "ok", message: `${store.name} answers` }];
  },
});

/** The first objects below a prefix, as builds list them. */
export async function firstPage(
  { config, store }: Bucket,
  prefix: string,
  signal: AbortSignal,
): Promise<ListPage> {
  const folder = config.layout === "split" ? posix.join(prefix, "output/") : new PackedKeys(prefix).root;
  for await (const page of store.list(folder, { pageSize: 10, signal })) return page;
  throw new Error(`no answer to the listing of ${folder}`);
}
