import type { Check, Finding, Patient } from "./check.ts";

/** Whether there is anything that machines share. */
export const shared: Check = {
  name: "bucket",
  run: ({ bucket, bucketProblem, cacheprogUse }: Patient): Finding[] => {
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
      const message =
        "it is the server's; to look at it, give doctor the flags or variables that the server has";
      return [{ severity: "note", message }];
    }
    return [
      {
        severity: "note",
        message: "none is set: entries stay on this machine",
        remedy: "set --bucket or GOCACHE_S3_BUCKET to share them",
      },
    ];
  },
};
