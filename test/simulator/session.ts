/** A helper of one go command, put together as `PackedRemote` does, but for what is on the disk and in packs. */
import { Counters } from "../../src/lib/counters.ts";
import type { PackedEntry } from "../../src/remote/packed/format/entry.ts";
import { PackedKeys, projectHash, scopeHash } from "../../src/remote/packed/format/keys.ts";
import { RecordReader } from "../../src/remote/packed/index/record-reader.ts";
import { RecordSource } from "../../src/remote/packed/index/record-source.ts";
import { openGroup, SegmentSource } from "../../src/remote/packed/index/segment-source.ts";
import { openPublisher } from "../../src/remote/packed/open-writer.ts";
import { PackedWriter } from "../../src/remote/packed/write/packed-writer.ts";
import { Uploads } from "../../src/remote/packed/write/uploads.ts";
import type { Scope } from "../../src/remote/scope/scope.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { silentLog } from "../support/silent-log.ts";
import { type Bucket, PREFIX } from "./bucket.ts";
import type { Disk } from "./disk.ts";
import { SimulatedPacker } from "./packing.ts";
import type { Action } from "./sources.ts";

const keys = new PackedKeys(PREFIX);
const log = silentLog;
const health = { isDenied: false, writes: { open: undefined } } as ConstructorParameters<
  typeof PackedWriter
>[0]["health"];

export interface SessionOptions {
  bucket: Bucket;
  store: ObjectStore;
  disk: Disk;
  scope: Scope;
  machine: string;
  /** Added to the clock of the world. */
  skewMs: number;
  maxInlineRows: number;
  /** Of a server: later sessions find what earlier ones have recorded. */
  isShared: boolean;
}

export class Session {
  readonly source: RecordSource;
  readonly writer: PackedWriter;
  readonly #options: SessionOptions;
  readonly #packer: SimulatedPacker;
  readonly #distrusted = new Set<string>();
  readonly #fetched = new Set<string>();
  #badPackReports = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { bucket, store, disk, scope, skewMs } = options;
    const { local, segmentFiles: segments } = disk;
    const now = () => bucket.timeline.nowMs + skewMs;
    const counters = new Counters();
    const uploads = new Uploads({ store, counters, log });
    this.#packer = new SimulatedPacker(bucket, uploads, (id) => this.#distrusted.delete(id));
    const runLog = disk.runLog(scopeHash(scope), scope.run, now);
    const run = runLog.load();
    this.source = sourceOf(options, {
      counters,
      now,
      distrusted: this.#distrusted,
      own: run && { key: run.key, group: openGroup(run.segments, segments) },
    });
    const transfer = { uploads, packer: this.#packer, segments, distrustedPacks: this.#distrusted };
    const { source } = this;
    this.writer = new PackedWriter({
      index: () => source.index,
      local,
      packer: this.#packer,
      openSegment: (id) => segments.open(id),
      uploads,
      publisher: openPublisher({
        ...options,
        prefix: PREFIX,
        host: options.machine,
        local,
        trust: undefined,
        source,
        runLog,
        transfer,
        now,
      }),
      journal: disk.journal(projectHash(scope)),
      counters,
      isBucketKnown: () => source.isKnown,
      badPackReports: () => this.#badPackReports,
      health,
    });
    this.writer.adopt();
  }

  /** Uses each action as go does: from the disk, from the bucket, or by compiling it. Returns how many it has used. */
  async build(actions: readonly Action[]): Promise<number> {
    let used = 0;
    for (const action of actions) {
      const { disk, bucket, skewMs } = this.#options;
      if (disk.isGone) return used;
      used++;
      const { actionId, outputId, sizeBytes } = action;
      const isLocal = disk.actions.has(actionId);
      const isHit = isLocal || (await this.#fetch(actionId));
      if (!isLocal) bucket[isHit ? "found" : "compiled"]++;
      const entry = {
        actionId,
        outputId,
        sizeBytes,
        putTimeMs: bucket.timeline.nowMs + skewMs,
        path: outputId,
      };
      disk.addLocal(entry);
      if (isHit) this.writer.used(actionId);
      else this.writer.put(entry);
    }
    return used;
  }

  /** Publishes. Returns whether everything is in the bucket. */
  async close(): Promise<boolean> {
    await this.source.readOnce(new AbortController().signal).catch(() => undefined);
    await this.writer.store();
    await this.writer.trim();
    this.writer.retire();
    // Without the bucket's records nothing says what was used.
    return this.source.isKnown && this.writer.isSettled && this.writer.unpublished.count === 0;
  }

  /** Tries the pack that the index names, and another one if that is gone. */
  async #fetch(actionId: string): Promise<boolean> {
    const { source } = this;
    const found = await source.find(actionId).catch(() => undefined);
    if (found === undefined) return false;
    if (await this.#fetchPack(found.entry)) return true;
    const other = source.index.find(actionId)?.entry;
    return other !== undefined && (await this.#fetchPack(other));
  }

  async #fetchPack({ place }: PackedEntry): Promise<boolean> {
    if (place === undefined || this.#fetched.has(place.pack.id)) return true;
    const { id } = place.pack;
    try {
      const isThere = (await this.#options.store.head(keys.pack(id))) !== undefined;
      if (isThere) this.#fetched.add(id);
      else this.#distrust(id);
      return isThere;
    } catch {
      return false;
    }
  }

  #distrust(packId: string): void {
    this.#badPackReports++;
    this.#distrusted.add(packId);
    this.#packer.forget(packId);
  }
}

interface SourceParts {
  counters: Counters;
  now: () => number;
  distrusted: Set<string>;
  own:
    | (Pick<ConstructorParameters<typeof RecordSource>[0], never> & {
        key: string;
        group: ReturnType<typeof openGroup>;
      })
    | undefined;
}

function sourceOf({ store, disk, scope }: SessionOptions, parts: SourceParts): RecordSource {
  const { counters, now, distrusted, own } = parts;
  const cache = disk.recordCache(scopeHash(scope));
  const segments = new SegmentSource({ store, files: disk.segmentFiles, counters, log });
  return new RecordSource({
    store,
    keys,
    scope,
    distrustedPacks: distrusted,
    cache,
    reader: new RecordReader({ store, cache, segments, counters, log, now }),
    ownGroup: own?.group,
    ownKey: own?.key,
    onUnreadable: disk.segmentFiles.remove,
    signal: new AbortController().signal,
    onTrouble: () => undefined,
    now,
  });
}
