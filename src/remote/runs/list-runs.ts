import type { ListedObject, ListPage, ObjectStore } from "../../store/object-store.ts";
import { parseRunName } from "./run-names.ts";

/** How many runs of each job are read. The newest may be incomplete. */
const RUNS = 2;

/** The first page of objects below `prefix`, with the server's clock. Rejects if the store fails. */
export async function firstPage(
  store: ObjectStore,
  prefix: string,
  pageSize: number,
  signal?: AbortSignal,
): Promise<ListPage> {
  for await (const page of store.list(prefix, { pageSize, ...(signal && { signal }) })) return page;
  throw new Error(`no answer to the listing of ${prefix}`);
}

/** The records of all writers of the newest runs, most recently modified first, since records are rewritten. */
export function newestRuns(objects: ListedObject[], maxBytes: number): ListedObject[] {
  const runs = new Set<string>();
  return objects.toSorted(byAge).filter(({ key, sizeBytes }) => {
    const run = parseRunName(key)?.run;
    if (run === undefined || sizeBytes > maxBytes) return false;
    if (runs.size < RUNS) runs.add(run);
    return runs.has(run);
  });
}

/** Newest first. */
export function byAge(a: ListedObject, b: ListedObject): number {
  return b.modifiedMs - a.modifiedMs;
}
