import type { Check, Finding } from "../check.ts";
import type { Bucket } from "./bucket.ts";
import { bucketTrouble } from "./bucket-trouble.ts";

/**
 * A check of the bucket: without one there is nothing to check, and failures of requests are explained.
 * `permission`: what its requests need.
 */
export function bucketCheck({
  permission,
  run,
  ...check
}: {
  name: string;
  needs: readonly Check[];
  permission: string;
  run(bucket: Bucket, signal: AbortSignal): Promise<Finding[]>;
}): Check {
  return {
    ...check,
    run: async ({ bucket }, signal) => {
      if (bucket === undefined) return [];
      try {
        return await run(bucket, signal);
      } catch (error) {
        return [bucketTrouble(error, permission, bucket.config)];
      }
    },
  };
}
