import { IdTable } from "../../../lib/id-table.ts";
import type { RunRecord } from "../format/run-record.ts";
import type { PackedBucket } from "./packed-bucket.ts";
import type { ListedRecord } from "./record-census.ts";
import { type BadRecord, readRecords } from "./stored-record.ts";

/** More are not worth saying. */
const MAX_UNREADABLE = 20;

/** Which packs records name, and which records don't say. */
export class PackNames {
  readonly #named = new IdTable();
  readonly unreadable: { key: string; reason: string }[] = [];

  /** Whether a pack of this id is named, below whatever prefix. */
  has(packId: string): boolean {
    return this.#named.has(packId);
  }

  /** Reads records and notes what they name. `onRecord` is told each that could be read. */
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
      // Neighbours mostly lie in one pack.
      if (place === undefined || place.pack.id === last) continue;
      last = place.pack.id;
      this.#named.set(last);
    }
  }
}
