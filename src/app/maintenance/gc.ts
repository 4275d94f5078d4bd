/** `gc`: removes from the bucket what no build needs any more. */
import type { OnProgress } from "../../lib/progress.ts";
import { collectGarbage } from "../../remote/packed/gc/collect.ts";
import type { GcReport as PackedGcReport } from "../../remote/packed/gc/report.ts";
import { openTrust } from "../remote/open-trust.ts";
import { type MaintenanceOptions, withStore } from "./with-store.ts";

export type GcReport = PackedGcReport;

export async function collectInBucket(
  options: MaintenanceOptions & { olderThanMs: number; dryRun: boolean; onProgress: OnProgress },
): Promise<GcReport> {
  const { olderThanMs, dryRun, onProgress } = options;
  const trust = openTrust(options.config);
  return await withStore(options, (store) =>
    collectGarbage({ ...store, olderThanMs, dryRun, onProgress, trust, elapsedMs: () => performance.now() }),
  );
}
