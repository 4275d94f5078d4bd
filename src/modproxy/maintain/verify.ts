import { mapAhead } from "../../lib/async/map-ahead.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { isMutable } from "../files/freshness.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { OpenProxy } from "../open-proxy.ts";
import { storedNames } from "./stored-names.ts";

const AT_ONCE = 8;

export interface VerifyReport {
  /** Modules' files that are what the checksum database says. */
  verified: number;
  /** Those that it can't say anything about, and the files that it never does. */
  unchanged: number;
  /** Removed. */
  wrong: string[];
}

/** Hashes all stored files, modules as the checksum database does. What is wrong is removed: it is fetched anew. */
export async function verifyModules(
  proxy: OpenProxy,
  root: string,
  onProgress: OnProgress,
): Promise<VerifyReport> {
  const requests = storedNames(root, proxy.databases).filter((request) => !isMutable(request));
  const report: VerifyReport = { verified: 0, unchanged: 0, wrong: [] };
  let done = 0;
  const verdicts = mapAhead(requests, AT_ONCE, async (request) => ({
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

async function verifyOne({ store, metas, checks, verifier }: OpenProxy, request: ModRequest) {
  const { name } = request;
  const path = store.find(name)?.path;
  if (path === undefined) {
    metas.remove(name);
    return "gone";
  }
  if (!(await checks.of(request)(path))) {
    store.remove(name);
    metas.remove(name);
    return "wrong";
  }
  return "database" in request ? "unknown" : await verifier.verify(request, { isAgain: true });
}
