import { bucketCheck } from "./bucket-check.ts";
import { bucketTrouble, isNotPermitted } from "./bucket-trouble.ts";
import { put } from "./put.ts";

/** Takes away what `put` has written. Only `gc` needs that, and one job that runs it is enough. */
export const remove = bucketCheck({
  name: "delete",
  needs: [put],
  permission: "s3:DeleteObject",
  run: async ({ store, probe, probeKey, config }, signal) => {
    if (probe === undefined) return [];
    try {
      await store.delete(probeKey, { signal });
      return [{ severity: "ok", message: `${probeKey} was removed` }];
    } catch (error) {
      if (!isNotPermitted(error)) throw error;
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
});
