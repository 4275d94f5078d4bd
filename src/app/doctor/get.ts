import { readWhole } from "./bucket.ts";
import { bucketTrouble } from "./bucket-trouble.ts";
import type { Check, Finding, Patient } from "./check.ts";
import { reach } from "./reach.ts";

/** Whether objects can be read, and come back as they were written. */
export const get: Check = {
  name: "get",
  needs: [reach],
  run: async ({ bucket }: Patient, signal: AbortSignal): Promise<Finding[]> => {
    if (bucket === undefined) return [];
    const { store, probe, probeKey, sample, config } = bucket;
    try {
      if (probe !== undefined) {
        const object = await store.get(probeKey, { signal });
        if (object !== undefined && probe.equals(await readWhole(object))) {
          return [{ severity: "ok", message: `${probeKey} came back as it was written` }];
        }
        const what = object === undefined ? "is not there" : "has other bytes";
        const remedy =
          "check what lies between: a proxy that caches or changes answers, or a server that is not S3";
        return [{ severity: "error", message: `${probeKey} ${what}, a moment after it was written`, remedy }];
      }
      // Where nothing is there, no answer can be a refusal either.
      const key = sample?.key ?? probeKey;
      const object = await store.get(key, { signal });
      await object?.body.cancel();
      return [
        {
          severity: "ok",
          message: sample === undefined ? "nothing is there to read yet" : `${key} can be read`,
        },
      ];
    } catch (error) {
      return [bucketTrouble(error, "s3:GetObject", config)];
    }
  },
};
