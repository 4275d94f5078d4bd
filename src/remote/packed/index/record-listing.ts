/** Selects the records in the bucket that a scope should read. */
import type { ListedObject, ListPage, ObjectStore } from "../../../store/object-store.ts";
import { isAccessDenied } from "../../../store/store-failure.ts";
import { listedRuns, runsToRead } from "../../runs/choose-runs.ts";
import { firstPage } from "../../runs/list-runs.ts";
import type { Scope } from "../../scope/scope.ts";
import { additionsToRead, MAX_LISTED } from "../format/choose-additions.ts";
import { type PackedKeys, scopeHash } from "../format/keys.ts";
import { MAX_RECORD_BYTES } from "../format/run-record.ts";
import type { RecordRef } from "./record-cache.ts";

/** The most that one answer has. */
const WHOLE_PAGE = 1_000;
/** How many jobs of the default branch a job without any record reads instead. */
const MAX_FALLBACK_JOBS = 4;
/** Records of a job. Only runs of several machines have more. */
const MAX_RECORDS = 16;
/** More than a job keeps, unless its runs have many machines, or nobody could remove the others. */
const PAGE_RECORDS = 64;
/** For a job whose runs have hundreds of machines. */
const MAX_JOB_RECORDS = 10_000;

/** The result of a listing, with the server's time. */
export interface Listing {
  /** The most useful records first. */
  refs: RecordRef[];
  serverTimeMs: number;
  /** All records of this job, also those that nobody reads; `undefined`: not all were listed. */
  own: ListedObject[] | undefined;
}

/**
 * Lists the runs of the scope that a reader needs, then those of the same job on the fallback branches, then the same for the
 * additional prefixes. If there are none, lists the newest run of each job of the default branch, else the shared
 * records.
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
      branches.map((branch) => pageAt(at, store, keys.runs(scope, branch), PAGE_RECORDS, signal)),
    ),
  );
  const serverTimeMs = Math.max(...pages.map((page) => page.serverTimeMs));
  const refs = pages.flatMap(({ objects }, index) =>
    recordsToRead(objects).map((object) => toRef(object, index === 0 ? "own" : "other")),
  );
  const [{ objects: newest = [] } = {}] = pages;
  const own = newest.length < PAGE_RECORDS ? newest : undefined;
  if (refs.length > 0) return { refs: refs.slice(0, MAX_RECORDS), serverTimeMs, own };
  return { refs: await listFallbacks(store, places, scope, signal), serverTimeMs, own };
}

/**
 * Whether a job has runs on its branch or the fallback branches, by one request for each place. `true` also if the project
 * has so many that one answer does not tell.
 */
export async function hasRuns(
  store: ObjectStore,
  places: readonly PackedKeys[],
  scope: Scope,
): Promise<boolean> {
  const found = await Promise.all(
    places.map(async (keys, at) => {
      const { objects } = await pageAt(at, store, keys.runsOfProject(scope), WHOLE_PAGE);
      const folders = [scope.branch, ...scope.fallbackBranches].map((branch) => keys.runs(scope, branch));
      const isOwn = ({ key }: ListedObject) => folders.some((folder) => key.startsWith(folder));
      return objects.length >= WHOLE_PAGE || objects.some(isOwn);
    }),
  );
  return found.includes(true);
}

/** Lists all records of this job, also those that nobody reads. */
export async function listJob(
  store: ObjectStore,
  keys: PackedKeys,
  scope: Scope,
  signal: AbortSignal,
): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const page of store.list(keys.runs(scope), { signal })) {
    objects.push(...page.objects);
    if (objects.length >= MAX_JOB_RECORDS) break;
  }
  return objects;
}

/** Lists the newest additions of other scopes; the scope's own records contain its own additions. */
export async function listAdditions(
  store: ObjectStore,
  places: readonly PackedKeys[],
  scope: Scope,
  signal: AbortSignal,
): Promise<Listing> {
  const pages = await Promise.all(
    places.map((keys, at) => pageAt(at, store, keys.additions(scope), MAX_LISTED, signal)),
  );
  const refs = pages.flatMap(({ objects }, at) => {
    // The own records don't contain what this scope added below another prefix.
    const wanted = additionsToRead(objects, at === 0 ? scopeHash(scope) : undefined);
    return wanted.map((object) => toRef(object, "new"));
  });
  return { refs, serverTimeMs: Math.max(...pages.map((page) => page.serverTimeMs)), own: undefined };
}

async function listFallbacks(
  store: ObjectStore,
  places: readonly PackedKeys[],
  scope: Scope,
  signal: AbortSignal,
): Promise<RecordRef[]> {
  const branch = scope.defaultBranch;
  const found = await Promise.all(
    places.map(async (keys, at) => {
      const [page, shared] = await Promise.all([
        branch === undefined
          ? undefined
          : pageAt(at, store, keys.runsOfBranch(scope, branch), WHOLE_PAGE, signal),
        pageAt(at, store, keys.shared(scope.platform), 1, signal),
      ]);
      const jobs = Map.groupBy(page?.objects ?? [], ({ key }) => key.slice(0, key.lastIndexOf("/")));
      const newest = [...jobs.values()].flatMap((objects) => newestComplete(objects));
      const runs = newest.sort((a, b) => b.modifiedMs - a.modifiedMs).slice(0, MAX_FALLBACK_JOBS);
      return { runs, shared: shared.objects.filter(isReadable) };
    }),
  );
  const runs = found.flatMap((place) => place.runs);
  const wanted = runs.length > 0 ? runs : found.flatMap((place) => place.shared);
  return wanted.map((object) => toRef(object, "other"));
}

/** The records of the runs to read, the newest run first. If they are too many, those of the complete one count most. */
function recordsToRead(objects: ListedObject[]): ListedObject[] {
  const records = runsToRead(listedRuns(objects, MAX_RECORD_BYTES)).map((run) => run.records);
  const complete = (records.pop() ?? []).slice(0, MAX_RECORDS);
  return [...records.flat().slice(0, MAX_RECORDS - complete.length), ...complete];
}

/** The last written record of a job's newest complete run, or of its newest run. */
function newestComplete(objects: ListedObject[]): ListedObject[] {
  return (runsToRead(listedRuns(objects, MAX_RECORD_BYTES)).at(-1)?.records ?? []).slice(0, 1);
}

/** Returns an empty page if access to an additional prefix (`at` > 0) is denied. */
async function pageAt(
  at: number,
  store: ObjectStore,
  prefix: string,
  pageSize: number,
  signal?: AbortSignal,
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
