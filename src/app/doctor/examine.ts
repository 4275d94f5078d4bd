/** Makes the checks, in order, each within its time. */
import { abortable } from "../../lib/async/abortable.ts";
import { Deadline } from "../../lib/async/deadline.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { collection } from "./bucket/collection.ts";
import { credentials } from "./bucket/credentials.ts";
import { clock, region } from "./bucket/first-answer.ts";
import { list, reach } from "./bucket/listing.ts";
import { conditions, get, put, ranges, remove } from "./bucket/objects.ts";
import { newestModules, newestRun, scope } from "./bucket/runs.ts";
import { shared } from "./bucket/shared.ts";
import { latency, throughput } from "./bucket/speed.ts";
import { cacheDirectory } from "./cache-directory.ts";
import { cacheprog } from "./cacheprog.ts";
import type { Check, CheckedFinding, Finding, Subject } from "./check.ts";
import { goCache, goRelease } from "./go.ts";
import { checksums, moduleProxy } from "./modules.ts";
import { lintCaches, moduleCache } from "./native-caches.ts";
import { server } from "./server.ts";

/** In the order in which they are made and shown. */
const CHECKS: readonly Check[] = [
  goRelease,
  goCache,
  lintCaches,
  moduleCache,
  cacheprog,
  cacheDirectory,
  server,
  shared,
  credentials,
  reach,
  list,
  region,
  clock,
  put,
  get,
  ranges,
  conditions,
  latency,
  throughput,
  remove,
  scope,
  newestRun,
  newestModules,
  collection,
  moduleProxy,
  checksums,
];

/** For one check; a server that hangs must not keep anybody. */
const LIMIT_MS = 10_000;
/** For a check to report itself what did not answer. */
const GRACE_MS = 500;

/** Receivers of findings and progress. */
export interface ExamineOptions {
  onFinding: (finding: CheckedFinding) => void;
  onProgress: OnProgress;
}

/** Reports each finding at once. Never rejects. */
export async function examine(subject: Subject, { onFinding, onProgress }: ExamineOptions): Promise<void> {
  const failed = new Set<Check>();
  const skipped: string[] = [];
  for (const [index, check] of CHECKS.entries()) {
    onProgress({ stage: `looking at ${check.name}`, done: index + 1, total: CHECKS.length });
    if (check.needs?.some((needed) => failed.has(needed))) {
      // Its dependents are skipped for the same reason.
      failed.add(check);
      skipped.push(check.name);
      continue;
    }
    const findings = await runCheck(check, subject);
    if (findings.some(({ severity }) => severity === "error")) failed.add(check);
    for (const finding of findings) onFinding({ check: check.name, ...finding });
  }
  if (skipped.length === 0) return;
  const message = `${skipped.join(", ")}, because of the errors above`;
  onFinding({ check: "not looked at", severity: "note", message });
}

async function runCheck(check: Check, subject: Subject): Promise<Finding[]> {
  using limit = new Deadline(LIMIT_MS);
  using hardLimit = new Deadline(LIMIT_MS + GRACE_MS);
  try {
    return await abortable(Promise.resolve(check.run(subject, limit.signal)), hardLimit.signal);
  } catch (error) {
    return [{ severity: "error", message: describeError(error) }];
  }
}
