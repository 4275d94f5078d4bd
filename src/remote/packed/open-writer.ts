import { join } from "node:path";
import { PackedKeys } from "./format/keys.ts";
import type { LocalOutput } from "./format/output-frame.ts";
import type { RecordSource } from "./index/record-source.ts";
import type { ReaderOptions } from "./packed-reader.ts";
import type { TransferOptions } from "./packed-transfer.ts";
import { openJournal } from "./write/journal.ts";
import { PackedWriter } from "./write/packed-writer.ts";
import { repackSmall } from "./write/repack.ts";
import type { RunLog } from "./write/run-log.ts";
import { RunPublisher } from "./write/run-publisher.ts";
import type { SessionLog } from "./write/session-log.ts";

/** Connects the writer with the record source and the transfer. */
export function openWriter(options: WriterOptions): PackedWriter {
  const { local, scope, store, stateDir, counters, trust, transfer, source, session } = options;
  const { uploads, packer } = transfer;
  // The author of a journal is unknown, so a session that signs does not use one.
  const isSigning = trust?.signer !== undefined;
  return new PackedWriter({
    index: () => source.index,
    local,
    session,
    packer,
    uploads,
    publisher: openPublisher(options),
    journal: isSigning ? NO_JOURNAL : openJournal(join(stateDir, "journal"), scope),
    isSigning,
    counters,
    isBucketKnown: () => source.isKnown,
    badPackReports: () => transfer.badPackReports,
    health: store.health,
  });
}

function openPublisher(options: WriterOptions): RunPublisher {
  const { local, prefix, trust, transfer, source, runLog } = options;
  const { uploads, packer } = transfer;
  const repacking = { local, store: (outputs: LocalOutput[]) => packer.repack(outputs) };
  return new RunPublisher({
    ...options,
    keys: new PackedKeys(prefix),
    log: runLog,
    uploads,
    ownEntries: () => source.ownGroups().flatMap(({ entries }) => entries),
    ownRecordMs: () => source.ownRecordMs(),
    isTrusted: (place) => source.index.isTrusted(place),
    repack: (entries) => repackSmall(entries, repacking),
    serverTimeMs: () => source.serverTimeMs(),
    signer: trust?.signer,
    // A remote that ends with its session gets no later lookups.
    onRecorded: options.isShared ? (entries) => source.setOwn(entries) : undefined,
  });
}

const NO_JOURNAL = {
  append: () => {},
  adopt: () => [],
  discard: () => {},
  handOver: () => {},
  stopHeartbeat: () => {},
};

export interface WriterOptions
  extends TransferOptions,
    Pick<ReaderOptions, "scope" | "trust" | "compileTimes" | "transfer" | "isShared"> {
  /** The machine's name in keys; contains no dash. */
  machine: string;
  /** The host name, for people only. */
  host: string;
  source: RecordSource;
  session: SessionLog;
  runLog: RunLog;
}
