import { bucketTrouble, isNotPermitted } from "./bucket-trouble.ts";
import type { Check, Finding, Patient } from "./check.ts";
import { put } from "./put.ts";

/** Takes away what `put` has written. Only `gc` needs that, and one job that runs it is enough. */
export const remove: Check = {
  name: "delete",
  needs: [put],
  run: async ({ bucket }: Patient, signal: AbortSignal): Promise<Finding[]> => {
    if (bucket?.probe === undefined) return [];
    const { store, probeKey, config } = bucket;
    try {
      await store.delete(probeKey, { signal });
      bucket.probe = undefined;
      return [{ severity: "ok", message: `${probeKey} was removed` }];
    } catch (error) {
      if (!isNotPermitted(error)) return [bucketTrouble(error, "s3:DeleteObject", config)];
      const { message, remedy } = bucketTrouble(error, "s3:DeleteObject", config);
      // As little as can be left there.
      await store.put(probeKey, new Uint8Array(), { signal }).catch(() => undefined);
      return [
        {
          severity: "note",
          message: `gc can't remove old objects from here, and ${probeKey} is left there, empty: ${message}`,
          remedy: `${remedy}; one job that has it and stores something is enough`,
        },
      ];
    }
  },
};
