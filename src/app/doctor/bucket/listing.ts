/** The first requests: whether the bucket answers, and whether it can be listed. */

import { existsSync } from "node:fs";
import { posix } from "node:path";
import { Deadline } from "../../../lib/async/deadline.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import { PackedKeys } from "../../../remote/packed/format/keys.ts";
import type { ListPage } from "../../../store/object-store.ts";
import type { Finding } from "../check.ts";
import type { Bucket } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { bucketTrouble, isNotPermitted } from "./bucket-trouble.ts";
import { CREDENTIALS_REMEDY, credentials } from "./credentials.ts";

/** Enough to ask for a part of it. */
const LEAST_SAMPLE_BYTES = 16;

/** Whether the bucket answers at all, be it with a refusal: the first request, a listing. */
export const reach = bucketCheck({
  name: "reach",
  needs: [credentials],
  permission: "s3:ListBucket",
  run: async (bucket, signal) => {
    const { config, store } = bucket;
    // As long as a build would wait.
    using limit = new Deadline(config.timeoutMs, signal);
    const startedMs = Date.now();
    try {
      const { objects, serverTimeMs } = await firstPage(bucket, config.prefix, limit.signal);
      // The server looked at its clock somewhere between the two.
      bucket.skewMs = serverTimeMs - (startedMs + Date.now()) / 2;
      bucket.sample = objects.find(({ sizeBytes }) => sizeBytes >= LEAST_SAMPLE_BYTES);
    } catch (error) {
      if (!isNotPermitted(error)) throw error;
      // A public bucket of the split layout may be read without being listed.
      if (bucket.isUnsigned && config.layout !== "split") return [notSigned(error)];
      bucket.listRefusal = error;
    }
    return [{ severity: "ok", message: `${store.name} answers` }];
  },
});

/** One error for all that the server would refuse for the same reason. */
function notSigned(error: unknown): Finding {
  return {
    severity: "error",
    message: `no credentials were found, so the request was not signed and the server refused it (${describeError(error)})`,
    remedy: CREDENTIALS_REMEDY,
  };
}

/** The first objects below a prefix, as builds list them. */
async function firstPage({ config, store }: Bucket, prefix: string, signal: AbortSignal): Promise<ListPage> {
  const folder = config.layout === "split" ? posix.join(prefix, "output/") : new PackedKeys(prefix).root;
  for await (const page of store.list(folder, { pageSize: 10, signal })) return page;
  throw new Error(`no answer to the listing of ${folder}`);
}

/** Whether the bucket lets itself be listed, below the own prefix and those that are read as well. */
export const list = bucketCheck({
  name: "list",
  needs: [reach],
  permission: "s3:ListBucket",
  run: async (bucket, signal) => {
    const findings = [ownPrefix(bucket)];
    for (const prefix of bucket.config.readPrefixes) findings.push(await readPrefix(bucket, prefix, signal));
    return findings;
  },
});

function ownPrefix(bucket: Bucket): Finding {
  const { config, listRefusal } = bucket;
  if (listRefusal === undefined)
    return missingDirectory(bucket) ?? { severity: "ok", message: "it can be listed" };
  const trouble = bucketTrouble(listRefusal, "s3:ListBucket", config);
  if (config.layout !== "split") {
    return { ...trouble, message: `nothing is read from the bucket and nothing stored: ${trouble.message}` };
  }
  return {
    ...trouble,
    severity: "note",
    message: `gc, inspect and verify can't work, builds can: ${trouble.message}`,
  };
}

async function readPrefix(bucket: Bucket, prefix: string, signal: AbortSignal): Promise<Finding> {
  const name = `--read-prefix ${prefix === "" ? "/" : prefix}`;
  try {
    await firstPage(bucket, prefix, signal);
    return { severity: "ok", message: `${name} can be listed` };
  } catch (error) {
    const trouble = bucketTrouble(error, "s3:ListBucket", { ...bucket.config, prefix });
    return { ...trouble, severity: "warning", message: `${name} is not read: ${trouble.message}` };
  }
}

/** A missing mount looks like a bucket that was never used. */
function missingDirectory({ config: { bucket } }: Bucket): Finding | undefined {
  if (bucket.kind !== "directory" || existsSync(bucket.path)) return undefined;
  return {
    severity: "note",
    message: `there is no directory ${bucket.path} yet; the first put creates it`,
    remedy: "if a mount should be there, mount it first",
  };
}
