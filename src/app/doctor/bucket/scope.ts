import { scopeOrigin } from "../../../remote/scope/scope-origin.ts";
import type { Check, Finding, Patient } from "../check.ts";
import { patientScope } from "./patient-scope.ts";

/** Whose runs find each other, and what that was read from. */
export const scope: Check = {
  name: "scope",
  run: (patient: Patient): Finding[] => {
    const { bucket, env, cwd } = patient;
    if (bucket === undefined || bucket.config.layout === "split") return [];
    const { project, branch, job, platform, fallbackBranches } = patientScope(patient, bucket.config);
    const origin = scopeOrigin({ env, cwd, project: bucket.config.project, job: bucket.config.job });
    const further = fallbackBranches.length === 0 ? "" : `, then ${fallbackBranches.join(", ")}`;
    const message = `project ${project} (${origin.project}), branch ${branch}${further} (${origin.branch}), job ${job} (${origin.job}), platform ${platform}`;
    const data = { project, branch, fallbackBranches, job, platform, origin };
    if (project !== "no-module") return [{ severity: "ok", message, data }];
    return [
      {
        severity: "note",
        message,
        remedy: "run doctor where go runs, in the module's directory, or set --project",
        data,
      },
    ];
  },
};
