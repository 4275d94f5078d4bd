import { IdTable } from "../../../lib/id-table.ts";
import type { RunRecord } from "../format/run-record.ts";
import type { PackedBucket } from "./packed-bucket.ts";
import type { ListedRecord } from "./record-census.ts";
import { type BadRecord, readRecords } from "./stored-record.ts";

/** The number of unreadable records to report. */
const MAX_UNREADABLE = 20;

/** The ids of the packs that records reference, and the records that can't be read. */
export class PackNames {
  readonly #named = new IdTable();
  readonly unreadable: { key: string; reason: string }[] = [];

  /** Whether a record references a pack with this id, below any prefix. */
  has(packId: string): boolean {
    return this.#named.has(packId);
  }

  /** Reads records and notes the packs that they reference. Calls `onRecord` with each readable record. */
  async read(
    bucket: PackedBucket,
    records: readonly ListedRecord[],
    onRecord: (ref: ListedRecord, record: RunRecord, bytes: Uint8Array<ArrayBuffer>) => void = () => {},
  ): Promise<void> {
    for await (const { ref, record, bytes, bad } of readRecords(bucket, records)) {
      if (bad !== undefined) this.noteUnreadable(ref, bad);
      if (record === undefined || bytes === undefined) continue;
      this.#add(record);
      onRecord(ref, record, bytes);
    }
  }

  noteUnreadable({ key }: ListedRecord, { reason }: BadRecord): void {
    if (this.unreadable.length < MAX_UNREADABLE) this.unreadable.push({ key, reason });
  }

  #add({ entries }: RunRecord): void {
    let last: string | undefined;
    for (const { place } of entries) {
      // Adjacent entries are mostly in the same pack.
      if (place === undefined || place.pack.id === last) continue;
      last = place.pack.id;
      this.#named.set(last);
    }
  }
}
