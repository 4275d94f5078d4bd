import type { Check, Finding, Subject } from "../check.ts";

/** Whether there is anything that machines share. */
export const shared: Check = {
  name: "bucket",
  run: ({ bucket, bucketProblem, cacheprogUse, unread }: Subject): Finding[] => {
    if (unread !== undefined)
      return [{ severity: "note", message: `not looked at: ${unread} can't be read` }];
    if (bucketProblem !== undefined) {
      const remedy = "check --bucket and --s3-endpoint-url, AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL";
      return [{ severity: "error", message: bucketProblem, remedy }];
    }
    if (bucket !== undefined) {
      const { prefix, layout, readOnly } = bucket.config;
      const at = bucket.endpoint === undefined ? "" : ` at ${bucket.endpoint}`;
      const below = prefix === "" ? "" : `, prefix ${prefix}`;
      const message = `${bucket.store.name}${at}${below}, layout ${layout}${readOnly ? ", read only" : ""}`;
      return [
        {
          severity: "ok",
          message,
          data: { name: bucket.store.name, endpoint: bucket.endpoint, prefix, layout, readOnly },
        },
      ];
    }
    if (cacheprogUse.server?.isUsed) {
      const message = "it is the server's; to check it, give doctor the server's flags or variables";
      return [{ severity: "note", message }];
    }
    return [
      {
        severity: "warning",
        message: "none is set: entries stay on this machine",
        remedy:
          'set GOCACHE_S3_BUCKET, or --bucket inside the quotes: export GOCACHEPROG="go-cache-plugin --bucket=my-bucket"',
      },
    ];
  },
};
