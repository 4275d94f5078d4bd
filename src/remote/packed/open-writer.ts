import { join } from "node:path";
import type { ObjectStore } from "../../store/object-store.ts";
import { PackedKeys } from "./format/keys.ts";
import type { RecordSource } from "./index/record-source.ts";
import type { SegmentFiles } from "./index/segment-files.ts";
import { openGroup } from "./index/segment-source.ts";
import type { ReaderOptions } from "./packed-reader.ts";
import type { PackedTransfer, TransferOptions } from "./packed-transfer.ts";
import { openJournal } from "./write/journal.ts";
import { PackedWriter } from "./write/packed-writer.ts";
import type { Packer } from "./write/packer.ts";
import { rewriteSegments } from "./write/rewrite-segments.ts";
import type { RunLog } from "./write/run-log.ts";
import { RunPublisher, type RunPublisherOptions } from "./write/run-publisher.ts";
import { SegmentUploads } from "./write/segment-uploads.ts";

/** Connects the writer with the record source and the transfer. */
export function openWriter(options: WriterOptions): PackedWriter {
  const { local, scope, store, stateDir, counters, trust, transfer, source, compileTimes } = options;
  const { uploads, packer } = transfer;
  const isSigning = trust?.signer !== undefined;
  // The author of a journal is unknown, so a session that signs does not use one.
  const hasJournal = !isSigning && options.hasJournal !== false;
  return new PackedWriter({
    index: () => source.index,
    local,
    packer,
    openSegment: (id) => transfer.segments.open(id),
    uploads,
    publisher: openPublisher(options),
    journal: hasJournal ? openJournal(join(stateDir, "journal"), scope) : NO_JOURNAL,
    isSigning,
    counters,
    timeOf: () => compileTimes?.current() ?? (() => undefined),
    isBucketKnown: () => source.isKnown,
    badPackReports: () => transfer.badPackReports,
    health: store.health,
  });
}

/** Connects the publisher with the record source and the transfer. */
export function openPublisher(options: PublisherOptions): RunPublisher {
  const { local, store, scope, prefix, trust, transfer, source, runLog } = options;
  const { uploads, packer, segments } = transfer;
  const remove = async (keys: readonly string[]) => {
    const signal = uploads.abandonment;
    await Promise.allSettled(keys.map((key) => store.delete(key, { signal })));
  };
  return new RunPublisher({
    ...options,
    keys: new PackedKeys(prefix),
    log: runLog,
    uploads,
    segments: new SegmentUploads(segments, uploads, options.maxInlineRows),
    neededRows: (segmentId) => source.usedRows(segmentId),
    rewrite: (logged) =>
      rewriteSegments(logged, {
        local,
        repack: (outputs) => packer.repack(outputs),
        isGone: (packId) => transfer.distrustedPacks.has(packId),
        isDefaultBranch: scope.branch === scope.defaultBranch,
      }),
    remove,
    trim: async (key) => remove(await source.surplusRecords(key, uploads.abandonment)),
    serverTimeMs: () => source.serverTimeMs(),
    signer: trust?.signer,
    // A remote that ends with its session gets no later lookups.
    onRecorded: options.isShared ? (refs) => source.setOwn(openGroup(refs, segments)) : undefined,
  });
}

const NO_JOURNAL = {
  append: () => {},
  adopt: () => [],
  cut: () => () => {},
  discard: () => {},
  handOver: () => {},
  stopHeartbeat: () => {},
};

/** The parts of `WriterOptions` that the publisher needs. */
interface PublisherOptions
  extends Pick<
    WriterOptions,
    "local" | "prefix" | "scope" | "trust" | "isShared" | "machine" | "host" | "source"
  > {
  store: Pick<ObjectStore, "delete">;
  runLog: RunPublisherOptions["log"];
  transfer: Pick<PackedTransfer, "uploads" | "distrustedPacks"> & {
    packer: Pick<Packer, "repack">;
    segments: Pick<SegmentFiles, "open" | "save" | "read">;
  };
  /** This machine's clock. */
  now?: () => number;
  /** See `SegmentUploads`. */
  maxInlineRows?: number;
}

export interface WriterOptions
  extends TransferOptions,
    Pick<ReaderOptions, "scope" | "trust" | "compileTimes" | "transfer" | "isShared"> {
  /** The machine's name in keys; contains no dash. */
  machine: string;
  /** The host name, for people only. */
  host: string;
  source: RecordSource;
  runLog: RunLog;
  /** `false`: what is not uploaded is found again another way. Default: unless the session signs. */
  hasJournal?: boolean;
}
