import { readWhole } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { get } from "./get.ts";

const RANGE = { offset: 3, length: 5 };

/** Whether the server sends parts of objects: where only a few outputs of a pack are wanted, the rest need not come. */
export const ranges = bucketCheck({
  name: "ranges",
  needs: [get],
  permission: "s3:GetObject",
  run: async ({ store, probe, probeKey, sample, counters, config }, signal) => {
    const key = probe === undefined ? sample?.key : probeKey;
    if (key === undefined) return [];
    const before = counters.get("s3_answers_get_206");
    const part = await readWhole(await store.get(key, { range: RANGE, signal }));
    const isRight = probe?.subarray(RANGE.offset, RANGE.offset + RANGE.length).equals(part) ?? true;
    if (!isRight || part.length !== RANGE.length) {
      const remedy = "use --layout=split, which reads whole objects only";
      return [{ severity: "error", message: "the server sends another part than the one asked for", remedy }];
    }
    const isPart = config.bucket.kind === "directory" || counters.get("s3_answers_get_206") > before;
    if (isPart) return [{ severity: "ok", message: "parts of objects can be read" }];
    return [
      {
        severity: "warning",
        message: "the server sends whole objects where a part was asked for: more is fetched than needed",
        remedy: "nothing is wrong by that; another server, or --layout=split, fetches less",
      },
    ];
  },
});
