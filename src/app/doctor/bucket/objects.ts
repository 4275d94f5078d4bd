/** The permissions on objects, tried with one small object below `doctor/`. */

import { readWhole } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { bucketTrouble, isNotPermitted } from "./bucket-trouble.ts";
import { reach } from "./listing.ts";

const PROBE = "go-cache-plugin doctor\n";

/** Whether the own prefix can be written to, tried with a small object that `remove` takes away. */
export const put = bucketCheck({
  name: "put",
  needs: [reach],
  permission: "s3:PutObject",
  run: async (bucket, signal) => {
    const { config, store, probeKey } = bucket;
    if (config.readOnly) return [{ severity: "ok", message: "not tried: --read-only is set" }];
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
          message: `builds here can't store anything in the bucket: ${message}`,
          remedy: `${remedy}; or set --read-only, if this job should only read`,
        },
      ];
    }
  },
});

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
      const message = sample === undefined ? "there is no object to read yet" : `${key} can be read`;
      return [{ severity: "ok", message }];
    }
    if (object !== undefined && probe.equals(await readWhole(object))) {
      return [{ severity: "ok", message: `${key} was read back unchanged` }];
    }
    const what = object === undefined ? "is not there" : "has other bytes";
    const remedy = "look for a proxy that caches or changes responses, or a server that is not S3";
    return [{ severity: "error", message: `${key} ${what}, a moment after it was written`, remedy }];
  },
});

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
      return [{ severity: "error", message: "the server sends another range than requested", remedy }];
    }
    const isPart = config.bucket.kind === "directory" || counters.get("s3_answers_get_206") > before;
    if (isPart) return [{ severity: "ok", message: "parts of objects can be read" }];
    return [
      {
        severity: "warning",
        message: "the server ignores ranges and sends whole objects: more is fetched than needed",
        remedy: "builds work all the same; another server, or --layout=split, fetches less",
      },
    ];
  },
});

/** Whether `If-None-Match: *` keeps an object from being overwritten. Half of the S3 servers lack it. */
export const conditions = bucketCheck({
  name: "conditional writes",
  needs: [put],
  permission: "s3:PutObject",
  run: async ({ store, probe, probeKey, counters, config }, signal) => {
    if (probe === undefined) return [];
    const result = await store.put(probeKey, probe, { onlyIf: "absent", signal });
    const isKnown = result === "refused" && counters.get("s3_answers_put_501") === 0;
    if (isKnown) return [{ severity: "ok", message: "an existing object is not overwritten" }];
    const how = result === "refused" ? "refuses conditions (501)" : "ignores conditions";
    const effect =
      config.layout === "packed"
        ? "the packed layout does without them"
        : "existing outputs of the split layout are uploaded again";
    return [{ severity: "note", message: `the server ${how}; ${effect}` }];
  },
});

/** Deletes what `put` has written. Only `gc` needs that, and one job that runs it is enough. */
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
          message: `gc can't delete old objects from here, and ${probeKey} stays, empty: ${message}`,
          remedy: `${remedy}; it is enough if one job that uploads has it`,
        },
      ];
    }
  },
});
