/** Checks of the server's region and clock, which the first answer shows. */

import { formatMinutes } from "../../../lib/text/duration.ts";
import { configuredRegion } from "../../../s3/region.ts";
import { regionFile } from "../../remote/open-store.ts";
import type { Check, Finding, Subject } from "../check.ts";
import { reach } from "./listing.ts";

/** The region that requests are signed for, and whether the server had to name it in the first answer. */
export const region: Check = {
  name: "region",
  needs: [reach],
  run: async ({ bucket, env, dir }: Subject): Promise<Finding[]> => {
    if (bucket?.config.bucket.kind !== "s3") return [];
    const { name, from } = await configuredRegion(bucket.config.bucket.region, env);
    const learned = regionFile(dir.root, bucket.config).load();
    if (learned === undefined || learned === name) {
      return [{ severity: "ok", message: `${name} (${from})`, data: { region: name, from } }];
    }
    return [
      {
        severity: "note",
        message: `the server says ${learned}, not ${name} (${from}): each new machine sends its first request to the wrong region`,
        remedy: `set --region=${learned}`,
        data: { region: learned, configured: name, from },
      },
    ];
  },
};

/** A Date header has whole seconds, and the answer takes its time. */
const TOLERANCE_MS = 60_000;
/** From here on S3 refuses requests (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
const REFUSED_MS = 15 * 60_000;

/** How far this machine's clock is from the server's. */
export const clock: Check = {
  name: "clock",
  needs: [reach],
  run: ({ bucket }: Subject): Finding[] => {
    if (bucket?.skewMs === undefined || bucket.config.bucket.kind !== "s3") return [];
    const { skewMs } = bucket;
    const data = { skewMs: Math.round(skewMs) };
    if (Math.abs(skewMs) < TOLERANCE_MS)
      return [{ severity: "ok", message: "the same as the server's", data }];
    const way = skewMs > 0 ? "behind" : "ahead of";
    const effect =
      Math.abs(skewMs) < REFUSED_MS
        ? "S3 refuses requests when they differ by 15 minutes"
        : "S3 refuses requests that are signed with it, so each command sends its first request twice";
    return [
      {
        severity: "warning",
        message: `this machine's clock is ${formatMinutes(Math.abs(skewMs))} ${way} the server's: ${effect}`,
        remedy: "set it by NTP, such as: timedatectl set-ntp true",
        data,
      },
    ];
  },
};
