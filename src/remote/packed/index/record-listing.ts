/** Which records in the bucket are worth reading for a scope. */
import type { ListedObject, ListPage, ObjectStore } from "../../../store/object-store.ts";
import { isAccessDenied } from "../../../store/store-failure.ts";
import { byAge, firstPage, newestRuns } from "../../runs/list-runs.ts";
import type { Scope } from "../../scope/scope.ts";
import { additionScopeHash, type PackedKeys, scopeHash } from "../format/keys.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";
import type { RecordRef } from "./record-cache.ts";

/** Jobs of the default branch that stand in for a job without any record. */
const STAND_INS = 4;
/** Records of one kind. */
const MAX_RECORDS = 16;
const MAX_ADDITIONS = 32;
const MAX_ADDITION_BYTES = 2 << 20;

/** What a listing found, and what the server's clock said. */
export interface Listing {
  /** Most wanted first. */
  refs: RecordRef[];
  serverTimeMs: number;
}

/**
 * The newest runs of the scope, then those of the same job on the branches that it falls back to, then the same of the
 * further places. Without any, the newest run of each job of the default branch, then what projects share.
 */
export async function listRuns(
  store: ObjectStore,
  places: readonly PackedKeys[],
  scope: Scope,
  signal: AbortSignal,
): Promise<Listing> {
  const branches = [scope.branch, ...scope.fallbackBranches];
  const pages = await Promise.all(
    places.flatMap((keys, at) =>
      branches.map((branch) => pageAt(at, store, keys.runs(scope, branch), MAX_RECORDS, signal)),
    ),
  );
  const serverTimeMs = Math.max(...pages.map((page) => page.serverTimeMs));
  const refs = pages.flatMap(({ objects }, index) =>
    newestRuns(objects, MAX_RECORD_BYTES).map((object) => toRef(object, index === 0 ? "own" : "other")),
  );
  if (refs.length > 0) return { refs: refs.slice(0, MAX_RECORDS), serverTimeMs };
  return { refs: await listStandIns(store, places, scope, signal), serverTimeMs };
}

/** The newest additions of other scopes; this scope's are in its own records. */
export async function listAdditions(
  store: ObjectStore,
  places: readonly PackedKeys[],
  scope: Scope,
  signal: AbortSignal,
): Promise<Listing> {
  const pages = await Promise.all(
    places.map((keys, at) => pageAt(at, store, keys.additions(scope), 4 * MAX_ADDITIONS, signal)),
  );
  const own = scopeHash(scope);
  const refs = pages.flatMap(({ objects }, at) => {
    const wanted = objects.filter(({ key, sizeBytes }) => {
      const hash = additionScopeHash(key);
      // What this scope added elsewhere is not in the own records.
      return hash !== undefined && (hash !== own || at > 0) && sizeBytes <= MAX_ADDITION_BYTES;
    });
    return wanted.slice(0, MAX_ADDITIONS).map((object) => toRef(object, "new"));
  });
  return { refs, serverTimeMs: Math.max(...pages.map((page) => page.serverTimeMs)) };
}

async function listStandIns(
  store: ObjectStore,
  places: readonly PackedKeys[],
  scope: Scope,
  signal: AbortSignal,
): Promise<RecordRef[]> {
  const branch = scope.defaultBranch;
  const found = await Promise.all(
    places.map(async (keys, at) => {
      const [page, shared] = await Promise.all([
        branch === undefined ? undefined : pageAt(at, store, keys.runsOfBranch(scope, branch), 1000, signal),
        pageAt(at, store, keys.shared(scope.platform), 1, signal),
      ]);
      const jobs = Map.groupBy(page?.objects ?? [], ({ key }) => key.slice(0, key.lastIndexOf("/")));
      const newest = [...jobs.values()].flatMap((objects) =>
        newestRuns(objects, MAX_RECORD_BYTES).slice(0, 1),
      );
      return { runs: newest.sort(byAge).slice(0, STAND_INS), shared: shared.objects.filter(isReadable) };
    }),
  );
  const runs = found.flatMap((place) => place.runs);
  const wanted = runs.length > 0 ? runs : found.flatMap((place) => place.shared);
  return wanted.map((object) => toRef(object, "other"));
}

/** Whoever may not read a further place goes on without it. */
async function pageAt(
  at: number,
  store: ObjectStore,
  prefix: string,
  pageSize: number,
  signal: AbortSignal,
): Promise<ListPage> {
  try {
    return await firstPage(store, prefix, pageSize, signal);
  } catch (error) {
    if (at === 0 || !isAccessDenied(error)) throw error;
    return { objects: [], serverTimeMs: 0 };
  }
}

function isReadable({ sizeBytes }: ListedObject): boolean {
  return sizeBytes <= MAX_RECORD_BYTES;
}

function toRef({ key, etag, modifiedMs, sizeBytes }: ListedObject, role: RecordRef["role"]): RecordRef {
  return { key, etag, role, modifiedMs, sizeBytes };
}
