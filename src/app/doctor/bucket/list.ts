import { existsSync } from "node:fs";
import type { Finding } from "../check.ts";
import type { Bucket } from "./bucket.ts";
import { bucketCheck } from "./bucket-check.ts";
import { bucketTrouble } from "./bucket-trouble.ts";
import { firstPage, reach } from "./reach.ts";

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

/** A mount that is missing looks like a bucket that nobody has used yet. */
function missingDirectory({ config: { bucket } }: Bucket): Finding | undefined {
  if (bucket.kind !== "directory" || existsSync(bucket.path)) return undefined;
  return {
    severity: "note",
    message: `there is no directory ${bucket.path} yet; the first put makes it`,
    remedy: "if a mount should be there, mount it first",
  };
}
