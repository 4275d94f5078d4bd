import { join } from "node:path";
import { Deadline } from "../../../lib/async/deadline.ts";
import { replaceFile } from "../../../lib/files/replace-file.ts";
import { statFile } from "../../../lib/files/stat-file.ts";
import type { Logger } from "../../../lib/logger.ts";
import { describeError } from "../../../lib/text/describe-error.ts";
import type { ObjectStore } from "../../../store/object-store.ts";
import type { Scope } from "../../scope/scope.ts";
import { PackedKeys } from "../format/keys.ts";
import type { RecordTrust } from "../format/record-trust.ts";
import { collectGarbage } from "./gc.ts";
import { CANDIDATES_NAME } from "./gc-candidates.ts";

const DAY_MS = 24 * 3_600_000;
const OLDER_THAN_MS = 14 * DAY_MS;
const LIMIT_MS = 60_000;

/**
 * Collects garbage if this is the default branch and the last collection is a day old. Never rejects: without
 * permission to delete, another machine has to collect.
 */
export async function collectDaily(options: {
  store: ObjectStore;
  prefix: string;
  scope: Scope;
  stateDir: string;
  log: Logger;
  trust?: RecordTrust | undefined;
}): Promise<void> {
  const { store, prefix, scope, log } = options;
  const stampPath = join(options.stateDir, "gc");
  if (scope.branch !== scope.defaultBranch || !isOld(statFile(stampPath)?.mtimeMs)) return;
  using limit = new Deadline(LIMIT_MS);
  try {
    replaceFile(stampPath, "");
    const { signal } = limit;
    const last = await store.head(`${new PackedKeys(prefix).root}${CANDIDATES_NAME}`, { signal });
    if (!isOld(last?.modifiedMs)) return;
    const { trust } = options;
    await collectGarbage({ store, prefix, olderThanMs: OLDER_THAN_MS, dryRun: false, signal, trust });
  } catch (error) {
    log.info(() => `gc: ${describeError(error)}`);
  }
}

function isOld(timeMs: number | undefined): boolean {
  return timeMs === undefined || Math.abs(Date.now() - timeMs) > DAY_MS;
}
