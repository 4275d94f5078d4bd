/** When garbage was last collected in the bucket. */
import { formatSpan } from "../../../lib/text/duration.ts";
import { type GcStatus, readGcStatus } from "../../../remote/packed/gc/lease.ts";
import type { Finding } from "../check.ts";
import { bucketCheck } from "./bucket-check.ts";
import { list } from "./listing.ts";

/** Runs of the default branch collect once a day. */
const LATE_MS = 3 * 24 * 3_600_000;

export const collection = bucketCheck({
  name: "garbage collection",
  needs: [list],
  permission: "s3:ListBucket",
  run: async ({ store, config }, signal) => {
    if (config.layout === "split") return [];
    return judge(await readGcStatus({ store, prefix: config.prefix, signal }));
  },
});

/** Nothing to say of a bucket in which no collection has begun. */
function judge({ finishedMs, activeMs, isUnfinished, nowMs }: GcStatus): Finding[] {
  if (activeMs === undefined) return [];
  const agoMs = finishedMs === undefined ? undefined : Math.max(0, nowMs - finishedMs);
  const last = agoMs === undefined ? "never finished" : `last finished ${formatSpan(agoMs)} ago`;
  const message = isUnfinished ? `${last}, one is unfinished` : last;
  const data = { finishedMs, isUnfinished };
  if (agoMs !== undefined && agoMs < LATE_MS) return [{ severity: "ok", message, data }];
  if (agoMs === undefined && nowMs - activeMs < LATE_MS) return [{ severity: "ok", message, data }];
  const remedy =
    "let builds of the default branch delete objects (s3:DeleteObject), or run: go-cache-plugin gc";
  return [{ severity: "note", message, remedy, data }];
}
