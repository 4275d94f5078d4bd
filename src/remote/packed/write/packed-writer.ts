import type { CacheEntry, LocalEntry } from "../../../buildcache/entry.ts";
import type { StoreHealth } from "../../../store/guard/store-health.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import type { PackedEntry } from "../format/entry.ts";
import type { LocalOutput } from "../format/output-frame.ts";
import type { PackedIndex } from "../index/packed-index.ts";
import type { EntryJournal } from "./journal.ts";
import type { Packer } from "./packer.ts";
import type { RunPublisher } from "./run-publisher.ts";
import type { SessionEntry, SessionLog } from "./session-log.ts";
import type { Uploads } from "./uploads.ts";

/** The drain's limit for a session that put nothing and only uploads adopted entries. */
const ADOPTED_MS = 2_000;
/** After this time without a put, go most likely runs something long, such as a test, so uploads start. */
const QUIET_MS = 5_000;

/** The result of an upload round. */
interface Stored {
  /** The number of new entries that are not in the bucket. */
  lost: number;
  /** Whether all new entries are in the bucket, and all records are written. */
  isAll: boolean;
}

/** Uploads the entries that a session put, and used ones that the bucket lacks, as packs and records. */
export class PackedWriter {
  readonly #options: PackedWriterOptions;
  #hasPut = false;
  #lost = 0;
  /** The entries that go has put in this session; only these, and those of trusted records, may be signed. */
  readonly #own = new Set<string>();
  #storing: Promise<unknown> = Promise.resolve();
  #pause: ReturnType<typeof setTimeout> | undefined;
  #hasPublished = false;
  /** The state at the start of the last round that uploaded everything. */
  #settled: WriterState = { size: 0, isBucketKnown: false, badPackReports: 0 };

  constructor(options: PackedWriterOptions) {
    this.#options = options;
  }

  /** Adopts the journals that are orphaned or handed over. Returns whether there were any. */
  adopt(): boolean {
    const { journal, local, session } = this.#options;
    const left = journal.adopt();
    for (const { isOnlyUsed, ...entry } of left) {
      const found = local.findOutput(entry.outputId);
      if (found?.sizeBytes !== entry.sizeBytes) continue;
      const isNew = isOnlyUsed !== true;
      session.add({ ...entry, path: found.path, isNew });
      if (isNew) this.#pack({ ...entry, path: found.path });
    }
    // No upload round follows that would discard the journal.
    if (left.length > 0 && this.isSettled) journal.discard();
    return left.length > 0;
  }

  /** Hands the journal over to the helper that uploads for a burst of go commands; see `runBatcher`. */
  handOver(): void {
    const { journal, session } = this.#options;
    clearTimeout(this.#pause);
    const used = session.entries.filter(({ isNew }) => !isNew);
    journal.append(used.map((entry) => ({ ...entry, isOnlyUsed: true as const })));
    journal.handOver();
  }

  put(entry: LocalEntry): void {
    this.#hasPut = true;
    this.#options.journal.append([entry]);
    this.#options.session.add({ ...entry, isNew: true });
    if (this.isSigning) this.#own.add(nameOf(entry));
    this.#pack(entry);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.store(), QUIET_MS).unref();
  }

  /** Bytes of the outputs of new entries; `undefined`: there are no new entries. */
  get unpublishedBytes(): number | undefined {
    const newEntries = this.#options.session.entries.filter(({ isNew }) => isNew);
    return newEntries.length === 0
      ? undefined
      : newEntries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Uploads and records everything within `limitMs`; the journal keeps entries that fail. */
  async drain(limitMs: number): Promise<void> {
    const { uploads, counters } = this.#options;
    clearTimeout(this.#pause);
    if (this.isSettled) return;
    const timer = setTimeout(() => uploads.abandon(), this.#hasPut ? limitMs : Math.min(limitMs, ADOPTED_MS));
    const { lost } = await this.#storeInTurn();
    clearTimeout(timer);
    if (lost > this.#lost) counters.add("put_remote_lost", lost - this.#lost);
    this.#lost = lost;
    this.#options.journal.stopHeartbeat();
  }

  /** Like `drain`, but without ending and with no limit besides those of single requests. Never rejects. */
  async store(): Promise<void> {
    await this.#storeInTurn();
  }

  /** Ends without aborting uploads in flight. */
  retire(): void {
    clearTimeout(this.#pause);
    this.#options.journal.stopHeartbeat();
  }

  /** Whether this writer signs its records. It then uploads only its own entries: the author of a journal is unknown. */
  get isSigning(): boolean {
    return this.#options.isSigning === true;
  }

  /** Whether this writer has published any new entry. */
  get hasPublished(): boolean {
    return this.#hasPublished;
  }

  /** Aborts the uploads; the journal keeps their entries. */
  abandon(): void {
    this.#options.uploads.abandon();
  }

  /** Whether another round would have no work. */
  get isSettled(): boolean {
    const state = this.#state;
    const isSame =
      this.#settled.size === state.size &&
      this.#settled.isBucketKnown === state.isBucketKnown &&
      this.#settled.badPackReports === state.badPackReports;
    return state.size > 0 && isSame && this.unpublishedBytes === undefined;
  }

  get #state(): WriterState {
    const { session, isBucketKnown, badPackReports } = this.#options;
    return { size: session.size, isBucketKnown: isBucketKnown(), badPackReports: badPackReports() };
  }

  /** Runs upload rounds one after the other. Never rejects: after an unexpected error, all new entries count as lost. */
  async #storeInTurn(): Promise<Stored> {
    const { session, journal, health } = this.#options;
    const state = this.#state;
    const storing = this.#storing
      .then(() => this.#storeThrough())
      .catch(() => ({ lost: session.unpublishedCount, isAll: false }));
    this.#storing = storing;
    const stored = await storing;
    if (stored.isAll) this.#settled = state;
    // Entries adopted during the round are left to the next one.
    const isAllDone = stored.isAll && state.size === session.size && this.unpublishedBytes === undefined;
    if (isAllDone || health.isDenied) journal.discard();
    return stored;
  }

  /** While the bucket is only probed, a round uploads one object. If that closes the breaker, the rest follows. */
  async #storeThrough(): Promise<Stored> {
    const { writes } = this.#options.health;
    const wasOpen = writes.open !== undefined;
    const stored = await this.#store();
    const hasRecovered = wasOpen && writes.open === undefined;
    return hasRecovered && !stored.isAll ? await this.#store() : stored;
  }

  async #store(): Promise<Stored> {
    const { session, packer, publisher } = this.#options;
    const { entries } = session;
    const places = entries.map(async (entry) => await this.#place(entry));
    const [placed] = await Promise.all([Promise.all(places), packer.flush()]);
    const stored = placed.filter((entry) => entry !== undefined);
    const added = placed.filter((entry, index) => entry !== undefined && entries[index]?.isNew === true);
    const isPublished = stored.length === 0 || (await publisher.publish(stored, added as PackedEntry[]));
    if (!isPublished) return { lost: entries.filter(({ isNew }) => isNew).length, isAll: false };
    this.#hasPublished ||= added.length > 0;
    session.markPublished(entries.filter((_, index) => placed[index] !== undefined));
    const lost = entries.filter(({ isNew }, index) => isNew && placed[index] === undefined).length;
    return { lost, isAll: lost === 0 };
  }

  /** `undefined`: the entry's output is not in the bucket and can't be uploaded, or the entry may not be signed. */
  async #place({ path, isNew, ...entry }: SessionEntry): Promise<PackedEntry | undefined> {
    if (this.isSigning && !this.#mayBeSigned(entry)) return undefined;
    if (entry.sizeBytes === 0) return { ...entry, place: undefined };
    const { outputId, sizeBytes } = entry;
    const { index, isBucketKnown, packer } = this.#options;
    const known = index().findPlace(outputId);
    // Without the bucket's records, assume that an entry that was only used is in the bucket.
    const isMissing = known === undefined && (isNew || isBucketKnown());
    const place = isMissing ? await packer.add({ outputId, sizeBytes, path }) : known;
    return place && { ...entry, place };
  }

  /** The author of an entry that is only on the local disk is unknown, so it must not be signed. */
  #mayBeSigned(entry: CacheEntry): boolean {
    const known = this.#options.index().find(entry.actionId)?.entry;
    return known?.outputId === entry.outputId || this.#own.has(nameOf(entry));
  }

  /** Starts uploading an output unless it is in the bucket. */
  #pack(output: LocalOutput): void {
    const { index, packer } = this.#options;
    if (output.sizeBytes === 0 || index().findPlace(output.outputId) !== undefined) return;
    void packer.add(output);
  }
}

/** If this state is unchanged, another upload round has no work. */
interface WriterState {
  /** The number of entries in the session. */
  size: number;
  isBucketKnown: boolean;
  badPackReports: number;
}

function nameOf({ actionId, outputId }: CacheEntry): string {
  return `${actionId} ${outputId}`;
}

export interface PackedWriterOptions {
  index: () => PackedIndex;
  local: LocalBuilds;
  session: SessionLog;
  packer: Packer;
  uploads: Uploads;
  publisher: RunPublisher;
  journal: Pick<EntryJournal, "append" | "adopt" | "discard" | "handOver" | "stopHeartbeat">;
  /** Whether records are signed. Then they contain only entries that go put here or that a trusted record contains. */
  isSigning?: boolean | undefined;
  counters: { add(name: string, amount?: number): void };
  /** Whether this machine has ever read the bucket's records. */
  isBucketKnown: () => boolean;
  /** See `PackedTransfer`. */
  badPackReports: () => number;
  health: Pick<StoreHealth, "isDenied" | "writes">;
}
