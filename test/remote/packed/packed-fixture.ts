/** Machines that share a bucket, and their sessions. */
import type { LocalEntry } from "../../../src/buildcache/entry.ts";
import type { LocalCache } from "../../../src/buildcache/local-cache.ts";
import { compressFrame } from "../../../src/lib/bytes/zstd.ts";
import type { Counters } from "../../../src/lib/counters.ts";
import { removeFile } from "../../../src/lib/files/remove-file.ts";
import type { Logger } from "../../../src/lib/logger.ts";
import { describeError } from "../../../src/lib/text/describe-error.ts";
import { Claims } from "../../../src/remote/packed/fetch/claims.ts";
import { Restorer, type RestorerOptions } from "../../../src/remote/packed/fetch/restorer.ts";
import type { Pack, PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import type { RecordCheck } from "../../../src/remote/packed/format/record-trust.ts";
import { parseRunRecord, type RunRecord } from "../../../src/remote/packed/format/run-record.ts";
import { RecordCache } from "../../../src/remote/packed/index/record-cache.ts";
import { RecordReader } from "../../../src/remote/packed/index/record-reader.ts";
import { SegmentFiles } from "../../../src/remote/packed/index/segment-files.ts";
import { SegmentSource } from "../../../src/remote/packed/index/segment-source.ts";
import { PackedRemote, type PackedRemoteOptions } from "../../../src/remote/packed/packed-remote.ts";
import type { Scope } from "../../../src/remote/scope/scope.ts";
import { GuardedStore } from "../../../src/store/guard/guarded-store.ts";
import { HealthFile } from "../../../src/store/guard/health-file.ts";
import { StoreHealth } from "../../../src/store/guard/store-health.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { openLocal, putOutput } from "../../buildcache/local-fixture.ts";
import { type HealthFixture, openHealth } from "../../store/guard/health-fixture.ts";
import { sha256Hex } from "../../support/ids.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { byAction, inlineEntries } from "./made-record.ts";
import { type StockedBucket, scopeOf } from "./stocked-bucket.ts";

/** One machine: its cache, counters and log. */
export class Machine implements Disposable {
  readonly bucket: StockedBucket;
  readonly name: string;
  readonly dir: TempDir = tempDir("machine");
  readonly local: LocalCache = openLocal(this.dir.path).local;
  readonly health: HealthFixture = openHealth(this.dir.join("state", "remote.json"), { verbose: true });
  readonly counters: Counters = this.health.counters;
  readonly log: Logger = this.health.log;

  constructor(bucket: StockedBucket, name = "m1") {
    this.bucket = bucket;
    this.name = name;
  }

  /** Opens a session as a helper started by go does. */
  session({
    timeoutMs,
    ...options
  }: Partial<Omit<PackedRemoteOptions, "scope">> & {
    scope?: Partial<Scope>;
    timeoutMs?: number;
  } = {}): PackedRemote {
    const { prefix } = this.bucket;
    // No session is in a burst: in a burst, only the batcher uploads.
    removeFile(this.dir.join("state", "packed", "session-ended"));
    return new PackedRemote({
      store: this.guardedStore(timeoutMs),
      prefix,
      machine: this.name,
      host: `host-of-${this.name}`,
      local: this.local,
      readOnly: false,
      concurrency: 4,
      drainTimeoutMs: 60_000,
      mayEndWithGo: true,
      startedMs: Date.now(),
      stateDir: this.dir.join("state", "packed"),
      createTemp: () => new LocalDir(this.dir.path).createTemp(),
      counters: this.counters,
      log: this.log,
      ...options,
      scope: scopeOf(options.scope),
    });
  }

  /** The bucket as a helper opens it; helpers of one machine share its health in a file. */
  guardedStore(timeoutMs = 60_000): GuardedStore {
    const { bucket, log } = this;
    const file = new HealthFile(this.dir.join("state", "remote.json"));
    const health = new StoreHealth({ file, log, store: bucket.store });
    return new GuardedStore(bucket.store, { health, timeoutMs });
  }

  /** Puts these texts in a new session and ends it; returns the entries. */
  async put(texts: string[], options: Parameters<Machine["session"]>[0] = {}): Promise<LocalEntry[]> {
    const session = this.session(options);
    const entries = texts.map((text) => this.entry(text));
    for (const entry of entries) session.put(entry);
    await end(session);
    return entries;
  }

  /** Looks these actions up in a new session, all at once; returns the texts found. */
  async get(
    actionIds: string[],
    options: Parameters<Machine["session"]>[0] = {},
  ): Promise<(string | undefined)[]> {
    const session = this.session(options);
    const found = await Promise.all(actionIds.map((actionId) => session.get(actionId)));
    await end(session);
    return await Promise.all(found.map((entry) => entry && this.text(entry.outputId)));
  }

  /** An entry on this machine's disk, with the action of `entryOf`. */
  entry(body: string | Uint8Array, action?: string): LocalEntry {
    const outputId = sha256Hex(body);
    const actionId = sha256Hex(`action ${action ?? (typeof body === "string" ? body : outputId)}`);
    const path = putOutput(this.local, outputId, body);
    const entry = {
      actionId,
      outputId,
      sizeBytes: Buffer.byteLength(body),
      putTimeMs: 1_700_000_000_000,
      path,
    };
    this.local.putRecord(actionId, entry, entry.putTimeMs);
    return entry;
  }

  /** The action of an entry on this machine's disk, with its record. */
  known(body: string): string {
    const entry = this.entry(body);
    this.local.putRecord(entry.actionId, entry, entry.putTimeMs);
    return entry.actionId;
  }

  /** A reader with its own directory of copies. */
  reader(check?: RecordCheck): { cache: RecordCache; reader: RecordReader } {
    const cache = new RecordCache(this.dir.join("state", "records"));
    const { counters, log } = this;
    const { store } = this.bucket;
    const files = new SegmentFiles(this.dir.join("state", "segments"), () => true);
    const segments = new SegmentSource({ store, files, counters, log });
    return { cache, reader: new RecordReader({ store, cache, segments, check, counters, log }) };
  }

  /** A restorer for this machine; `bad` notes the bad packs that it finds. */
  restorer({ timeoutMs, ...options }: Partial<RestorerOptions> & { timeoutMs?: number } = {}): {
    restorer: Restorer;
    bad: [string, string][];
  } {
    const bad: [string, string][] = [];
    const { local, counters } = this;
    const restorer = new Restorer({
      store: this.health.guard(this.bucket.store, timeoutMs),
      local,
      claims: new Claims(this.dir.join("state", "claims")),
      counters,
      onBadPack: (packId, error) => bad.push([packId, error === undefined ? "gone" : describeError(error)]),
      ...options,
    });
    return { restorer, bad };
  }

  /** The text of an output on this machine's disk. */
  async text(outputId: string): Promise<string | undefined> {
    const found = this.local.findOutput(outputId);
    return found && (await Bun.file(found.path).text());
  }

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }
}

/** Ends a session as go's close does, including the work after the answer. */
export async function end(session: PackedRemote): Promise<void> {
  await session.drain();
  await session.settle();
}

/** Uploads a pack of these outputs, each as the given frame, or else as the frame of its body. */
export async function packBytes(
  bucket: StockedBucket,
  outputs: { body: Uint8Array<ArrayBuffer>; frame?: Uint8Array }[],
): Promise<PackedEntry[]> {
  const frames = outputs.map(({ body, frame }) => frame ?? compressFrame(body));
  const bytes = Buffer.concat(frames);
  const pack: Pack = { id: sha256Hex(bytes), sizeBytes: bytes.length, prefix: bucket.prefix };
  await bucket.put(bucket.keys.pack(pack.id), bytes);
  let end = 0;
  return outputs.map(({ body }, n) => {
    const length = frames[n]?.length ?? 0;
    end += length;
    const outputId = sha256Hex(body);
    const actionId = sha256Hex(`action ${outputId}`);
    const place = { pack, offset: end - length, length };
    return { actionId, outputId, sizeBytes: body.length, putTimeMs: 1_700_000_000_000, place };
  });
}

/** Reads a record from the bucket, with the entries that it uses of its inline segments, sorted by action. */
export async function recordAt(
  { dir }: StockedBucket,
  key: string,
): Promise<RunRecord & { entries: PackedEntry[] }> {
  const bytes = new Uint8Array(await Bun.file(dir.join(key)).arrayBuffer());
  return { ...parseRunRecord(bytes), entries: byAction(inlineEntries(bytes)) };
}
