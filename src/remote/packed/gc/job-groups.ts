import { folderOf, type ListedRecord, type RecordPage } from "../bucket/record-census.ts";

/** The records of one job, of one kind, the additions of a project, or another record; and the store's clock. */
export interface JobGroup {
  records: ListedRecord[];
  serverTimeMs: number;
}

/** Joins the records of each folder, which may lie on several pages of a listing. Heads and shared ones come one by one. */
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
  const isGrouped = b.kind === "run" || b.kind === "mod" || b.kind === "new";
  return isGrouped && a?.kind === b.kind && folderOf(a) === folderOf(b);
}
