import { mapAhead } from "../../lib/async/map-ahead.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { GrowingFile } from "../files/growing-file.ts";
import { parseName } from "../names/mod-request.ts";
import type { OpenProxy } from "../open-proxy.ts";
import type { WantedFile } from "./go-sum.ts";

const CONCURRENCY = 16;

export interface PrefetchReport {
  files: number;
  bytes: number;
  /** Files that could not be fetched, and why. */
  failures: { name: string; reason: string }[];
}

/** Fetches what the last run used, and the files of these go.sum lines, with the info of each zip. */
export async function prefetchModules(
  { prefetch, files, databases, policy }: OpenProxy,
  wanted: WantedFile[],
  onProgress: OnProgress,
): Promise<PrefetchReport> {
  await prefetch.fetchAll();
  const names = new Set(
    wanted.flatMap(({ name }) => [name, ...(name.endsWith(".zip") ? [name.replace(/zip$/, "info")] : [])]),
  );
  const report: PrefetchReport = { files: 0, bytes: 0, failures: [] };
  let done = 0;
  const fetched = mapAhead(names, CONCURRENCY, async (name) => {
    const request = parseName(name, databases);
    // go fetches private modules itself.
    if (request === undefined || "database" in request || policy.isPrivate(request.module)) return;
    try {
      const file = await files.get(request, { mayFetch: true });
      if (file instanceof GrowingFile) await file.settled();
      else if (file.path === "") throw new Error("the cache directory can't be written");
      report.files++;
      report.bytes += file.sizeBytes;
    } catch (error) {
      report.failures.push({ name, reason: describeError(error) });
    }
  });
  for await (const _ of fetched) onProgress({ stage: "module files", done: ++done, total: names.size });
  return report;
}
