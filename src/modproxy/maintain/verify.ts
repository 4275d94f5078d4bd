import { mapAhead } from "../../lib/async/map-ahead.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { isMutable } from "../files/freshness.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { OpenProxy } from "../open-proxy.ts";
import { storedNames } from "./stored-names.ts";

const CONCURRENCY = 8;

export interface VerifyReport {
  /** Files that match the checksum database. */
  verified: number;
  /** Files that the checksum database doesn't cover. */
  unchanged: number;
  /** Removed. */
  wrong: string[];
}

/** Hashes all stored files, modules as the checksum database does, and removes wrong ones: the next use fetches them. */
export async function verifyModules(
  proxy: OpenProxy,
  root: string,
  onProgress: OnProgress,
): Promise<VerifyReport> {
  const requests = storedNames(root, proxy.databases).filter((request) => !isMutable(request));
  const report: VerifyReport = { verified: 0, unchanged: 0, wrong: [] };
  let done = 0;
  const verdicts = mapAhead(requests, CONCURRENCY, async (request) => ({
    request,
    verdict: await verifyOne(proxy, request),
  }));
  for await (const { request, verdict } of verdicts) {
    onProgress({ stage: "verifying", done: ++done, total: requests.length });
    if (verdict === "wrong") report.wrong.push(request.name);
    else if (verdict === "good") report.verified++;
    else if (verdict === "unknown") report.unchanged++;
  }
  return report;
}

async function verifyOne({ storage, verifier }: OpenProxy, request: ModRequest) {
  const { name } = request;
  const path = storage.store.find(name)?.path;
  if (path === undefined) {
    storage.metas.remove(name);
    return "gone";
  }
  if (!(await storage.checks.of(request)(path))) {
    storage.remove(name);
    return "wrong";
  }
  return "database" in request ? "unknown" : await verifier.verify(request, { again: true });
}
