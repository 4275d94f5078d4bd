import { bucketCheck } from "./bucket-check.ts";
import { bucketTrouble, isNotPermitted } from "./bucket-trouble.ts";
import { reach } from "./reach.ts";

const PROBE = "go-cache-plugin doctor\n";

/** Whether the own prefix can be written to, tried with a small object that `remove` takes away. */
export const put = bucketCheck({
  name: "put",
  needs: [reach],
  permission: "s3:PutObject",
  run: async (bucket, signal) => {
    const { config, store, probeKey } = bucket;
    if (config.readOnly) return [{ severity: "ok", message: "not tried: the bucket is only read" }];
    const bytes = Buffer.from(PROBE);
    try {
      await store.put(probeKey, bytes, { signal });
      bucket.probe = bytes;
      return [{ severity: "ok", message: `${probeKey} was written` }];
    } catch (error) {
      if (!isNotPermitted(error)) throw error;
      const { message, remedy } = bucketTrouble(error, "s3:PutObject", config);
      return [
        {
          severity: "error",
          message: `nothing that is built here gets into the bucket: ${message}`,
          remedy: `${remedy}; or set --read-only, if this job should only read`,
        },
      ];
    }
  },
});
