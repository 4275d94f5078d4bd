import { bucketCheck } from "./bucket-check.ts";
import { put } from "./put.ts";

/** Whether `If-None-Match: *` keeps an object from being overwritten. Half of the S3 servers lack it. */
export const conditions = bucketCheck({
  name: "conditional writes",
  needs: [put],
  permission: "s3:PutObject",
  run: async ({ store, probe, probeKey, counters, config }, signal) => {
    if (probe === undefined) return [];
    const result = await store.put(probeKey, probe, { onlyIf: "absent", signal });
    const isKnown = result === "refused" && counters.get("s3_answers_put_501") === 0;
    if (isKnown) return [{ severity: "ok", message: "an object that is there is not overwritten" }];
    const how = result === "refused" ? "refuses conditions (501)" : "ignores conditions";
    const effect =
      config.layout === "packed"
        ? "the packed layout does without them"
        : "outputs of the split layout that are there already are uploaded again";
    return [{ severity: "note", message: `the server ${how}; ${effect}` }];
  },
});
