import { folderOf, type ListedRecord, type RecordPage } from "../bucket/record-census.ts";

/** The records of one job, of one kind, or another record; and the store's clock. */
export interface JobGroup {
  records: ListedRecord[];
  serverTimeMs: number;
}

/** Joins the run records of each job, which may lie on several pages of a listing. Others come one by one. */
export async function* jobGroups(pages: AsyncIterable<RecordPage>): AsyncGenerator<JobGroup, void, void> {
  let group: JobGroup | undefined;
  for await (const { records, serverTimeMs } of pages) {
    for (const record of records) {
      if (group !== undefined && isSame(group.records[0], record)) {
        group.records.push(record);
        continue;
      }
      if (group !== undefined) yield group;
      group = { records: [record], serverTimeMs };
    }
  }
  if (group !== undefined) yield group;
}

function isSame(a: ListedRecord | undefined, b: ListedRecord): boolean {
  const isOfRun = b.kind === "run" || b.kind === "mod";
  return isOfRun && a?.kind === b.kind && folderOf(a) === folderOf(b);
}
