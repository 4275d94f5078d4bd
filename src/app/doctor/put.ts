import { describeError } from "../../lib/describe-error.ts";
import { bucketTrouble, isNotPermitted } from "./bucket-trouble.ts";
import type { Check, Finding, Patient } from "./check.ts";
import { reach } from "./reach.ts";

/** Whether the own prefix can be written to, tried with a small object that `remove` takes away. */
export const put: Check = {
  name: "put",
  needs: [reach],
  run: async ({ bucket }: Patient, signal: AbortSignal): Promise<Finding[]> => {
    if (bucket === undefined) return [];
    if (bucket.config.readOnly) return [{ severity: "ok", message: "not tried: the bucket is only read" }];
    const bytes = Buffer.from("go-cache-plugin doctor\n");
    try {
      await bucket.store.put(bucket.probeKey, bytes, { signal });
      bucket.probe = bytes;
      return [{ severity: "ok", message: `${bucket.probeKey} was written` }];
    } catch (error) {
      if (!isNotPermitted(error)) return [bucketTrouble(error, "s3:PutObject", bucket.config)];
      const { message, remedy } = bucketTrouble(error, "s3:PutObject", bucket.config);
      return [
        {
          severity: "error",
          message: `nothing that is built here gets into the bucket: ${message}`,
          remedy: `${remedy}; or set --read-only, if this job should only read`,
          data: { reason: describeError(error) },
        },
      ];
    }
  },
};
