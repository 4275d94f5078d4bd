import { bucketTrouble } from "./bucket-trouble.ts";
import type { Check, Finding, Patient } from "./check.ts";
import { put } from "./put.ts";

/** Whether `If-None-Match: *` keeps an object from being overwritten. Half of the S3 servers lack it. */
export const conditions: Check = {
  name: "conditional writes",
  needs: [put],
  run: async ({ bucket }: Patient, signal: AbortSignal): Promise<Finding[]> => {
    if (bucket?.probe === undefined) return [];
    const { store, probe, probeKey, counters, config } = bucket;
    try {
      const result = await store.put(probeKey, probe, { onlyIf: "absent", signal });
      const isKnown = result === "refused" && counters.get("s3_answers_put_501") === 0;
      if (isKnown) return [{ severity: "ok", message: "an object that is there is not overwritten" }];
      const how = result === "refused" ? "refuses conditions (501)" : "ignores conditions";
      const effect =
        config.layout === "packed"
          ? "the packed layout does without them"
          : "outputs of the split layout that are there already are uploaded again";
      return [{ severity: "note", message: `the server ${how}; ${effect}` }];
    } catch (error) {
      return [bucketTrouble(error, "s3:PutObject", config)];
    }
  },
};
