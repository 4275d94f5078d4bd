import { detectScope, type Scope } from "../../../remote/scope/scope.ts";
import type { RemoteConfig } from "../../config.ts";
import type { Patient } from "../check.ts";

/** The scope of a go command that is started in the same place. */
export function patientScope({ env, cwd }: Patient, { project, job }: RemoteConfig): Scope {
  return detectScope({ env, cwd, project, job, nowMs: Date.now() });
}
