import { readWhole } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { reach } from "./reach.ts";

/** Whether objects can be read, and come back as they were written. */
export const get = bucketCheck({
  name: "get",
  needs: [reach],
  permission: "s3:GetObject",
  run: async ({ store, probe, probeKey, sample }, signal) => {
    const key = probe === undefined ? (sample?.key ?? probeKey) : probeKey;
    const object = await store.get(key, { signal });
    if (probe === undefined) {
      await object?.body.cancel();
      // An object that is not there can't be read, but is refused where none may be.
      const message = sample === undefined ? "nothing is there to be read yet" : `${key} can be read`;
      return [{ severity: "ok", message }];
    }
    if (object !== undefined && probe.equals(await readWhole(object))) {
      return [{ severity: "ok", message: `${key} came back as it was written` }];
    }
    const what = object === undefined ? "is not there" : "has other bytes";
    const remedy =
      "check what lies between: a proxy that caches or changes answers, or a server that is not S3";
    return [{ severity: "error", message: `${key} ${what}, a moment after it was written`, remedy }];
  },
});
