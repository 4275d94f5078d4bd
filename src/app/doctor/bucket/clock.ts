import { formatMinutes } from "../../../lib/text/duration.ts";
import type { Check, Finding, Patient } from "../check.ts";
import { reach } from "./reach.ts";

/** A Date header has whole seconds, and the answer takes its time. */
const TOLERANCE_MS = 60_000;
/** From here on S3 refuses requests (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
const REFUSED_MS = 15 * 60_000;

/** How far this machine's clock is from the server's. */
export const clock: Check = {
  name: "clock",
  needs: [reach],
  run: ({ bucket }: Patient): Finding[] => {
    if (bucket?.skewMs === undefined || bucket.config.bucket.kind !== "s3") return [];
    const { skewMs } = bucket;
    const data = { skewMs: Math.round(skewMs) };
    if (Math.abs(skewMs) < TOLERANCE_MS)
      return [{ severity: "ok", message: "the same as the server's", data }];
    const way = skewMs > 0 ? "behind" : "ahead of";
    const effect =
      Math.abs(skewMs) < REFUSED_MS
        ? "S3 refuses requests from 15 minutes on"
        : "S3 refuses requests that are signed by it, and each command has to ask twice";
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
