import { readdirSync } from "node:fs";
import type { PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { PackedIndex } from "../../../../src/remote/packed/index/packed-index.ts";
import { SegmentFiles } from "../../../../src/remote/packed/index/segment-files.ts";
import { openJournal } from "../../../../src/remote/packed/write/journal.ts";
import { PackedWriter } from "../../../../src/remote/packed/write/packed-writer.ts";
import { Packer } from "../../../../src/remote/packed/write/packer.ts";
import { RunLog } from "../../../../src/remote/packed/write/run-log.ts";
import { RunPublisher } from "../../../../src/remote/packed/write/run-publisher.ts";
import { SegmentUploads } from "../../../../src/remote/packed/write/segment-uploads.ts";
import { Uploads } from "../../../../src/remote/packed/write/uploads.ts";
import { groupOf, segmentOf } from "../made-record.ts";
import { Machine, recordAt } from "../packed-fixture.ts";
import { StockedBucket, scopeOf } from "../stocked-bucket.ts";

export const LONG_MS = 60_000;

/** A writer and its parts. `isKnown`: whether the bucket's records were read. */
export function openWriter(isKnown = true) {
  const bucket = new StockedBucket();
  const machine = new Machine(bucket);
  const { store, keys, prefix } = bucket;
  const { counters, local, health } = machine;
  const scope = scopeOf();
  const dir = machine.dir.join("scope");
  const index = new PackedIndex();
  const uploads = new Uploads({ ...health, store: health.guard(store) });
  const packer = new Packer({
    keys,
    prefix,
    uploads,
    counters,
    concurrency: 4,
    createTemp: () => undefined,
  });
  const files = new SegmentFiles(machine.dir.join("segments"), () => true);
  const publisher = new RunPublisher({
    keys,
    scope,
    machine: "m1",
    host: "runner",
    log: new RunLog(dir, scope.run),
    uploads,
    prefix,
    segments: new SegmentUploads(files, uploads),
    neededRows: () => [],
    rewrite: async () => undefined,
    trim: async () => {},
    remove: async () => {},
    serverTimeMs: () => 0,
  });
  const journalDir = machine.dir.join("journal");
  const journal = openJournal(journalDir, scope);
  const writer = new PackedWriter({
    index: () => index,
    local,
    packer,
    openSegment: (id) => files.open(id),
    uploads,
    publisher,
    journal,
    counters,
    isBucketKnown: () => isKnown,
    badPackReports: () => 0,
    health: health.health,
  });
  const dispose = () => {
    journal.discard();
    machine[Symbol.dispose]();
    bucket[Symbol.dispose]();
  };
  /** All journals on this machine. */
  const journals = () => (readdirSync(machine.dir.path).includes("journal") ? readdirSync(journalDir) : []);
  return { bucket, machine, index, files, writer, journalDir, journals, [Symbol.dispose]: dispose };
}

export type Opened = ReturnType<typeof openWriter>;

/** The entries of the bucket's only run record. */
export async function recorded({ bucket }: Opened): Promise<PackedEntry[]> {
  const [key = ""] = bucket.objects.filter((object) => object.includes("/run/"));
  return key === "" ? [] : (await recordAt(bucket, key)).entries;
}

/** Adds entries that records of the bucket name to the index. */
export function addToIndex({ files, index }: Opened, entries: readonly PackedEntry[]): void {
  const { segment, bytes } = segmentOf(entries);
  files.save(segment.id, bytes);
  index.add(groupOf(...entries));
}
