import { configuredRegion } from "../../../s3/region.ts";
import { regionFile } from "../../remote/open-store.ts";
import type { Check, Finding, Patient } from "../check.ts";
import { reach } from "./reach.ts";

/** Which region requests are signed for, and whether the server had to say so. Made after the first request. */
export const region: Check = {
  name: "region",
  needs: [reach],
  run: async ({ bucket, env, dir }: Patient): Promise<Finding[]> => {
    if (bucket?.config.bucket.kind !== "s3") return [];
    const { name, from } = await configuredRegion(bucket.config.bucket.region, env);
    const learned = regionFile(dir.root, bucket.config).load();
    if (learned === undefined || learned === name) {
      return [{ severity: "ok", message: `${name} (${from})`, data: { region: name, from } }];
    }
    return [
      {
        severity: "note",
        message: `${learned}, as the server says, not ${name} (${from}): each new machine asks the wrong one first`,
        remedy: `set --region=${learned}`,
        data: { region: learned, configured: name, from },
      },
    ];
  },
};
