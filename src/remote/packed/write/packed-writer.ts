import type { CacheEntry, LocalEntry } from "../../../buildcache/entry.ts";
import type { StoreHealth } from "../../../store/guard/store-health.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import type { Segment } from "../format/segment.ts";
import type { PackedIndex } from "../index/packed-index.ts";
import type { EntryJournal } from "./journal.ts";
import { NewEntries, type PackerForEntries } from "./new-entries.ts";
import type { EntryTotal, RunPublisher } from "./run-publisher.ts";
import type { Uploads } from "./uploads.ts";
import { UsedRows } from "./used-rows.ts";

/** After this time without a put, go most likely runs something long, such as a test, so uploads start. */
const QUIET_MS = 5_000;
/** So many puts are published without waiting for the end, which bounds the journal. */
const PUTS_PER_ROUND = 32_768;

/** Uploads the entries that a session put, and used ones that the bucket lacks, as packs, segments and records. */
export class PackedWriter {
  readonly #options: PackedWriterOptions;
  readonly #added: NewEntries;
  readonly #used: UsedRows;
  #puts = 0;
  #lost = 0;
  #storing: Promise<unknown> = Promise.resolve();
  #pause: ReturnType<typeof setTimeout> | undefined;
  #hasPublished = false;
  /** The state at the start of the last round that uploaded everything. */
  #settled: WriterState = { uses: 0, isBucketKnown: false, badPackReports: 0 };
  #uses = 0;
  #checkedReports = 0;

  constructor(options: PackedWriterOptions) {
    this.#options = options;
    const { index, local, packer, timeOf = () => () => undefined } = options;
    this.#used = new UsedRows(options.openSegment);
    this.#added = new NewEntries({
      findPlace: (outputId) => index().findPlace(outputId),
      findOutput: (outputId) => local.findOutput(outputId),
      packer,
      timeOf,
    });
  }

  /** Adopts the journals that are orphaned or handed over. Returns whether there were any. */
  adopt(): boolean {
    const { journal, local } = this.#options;
    const left = journal.adopt();
    for (const entry of left) {
      const output = "outputId" in entry ? local.findOutput(entry.outputId) : undefined;
      if (!("outputId" in entry)) this.used(entry.actionId);
      else if (output?.sizeBytes === entry.sizeBytes)
        this.#added.add({ ...entry, ...nameOf(output), isNew: true });
    }
    // No upload round follows that would discard the journal.
    if (left.length > 0 && this.isSettled) journal.discard();
    return left.length > 0;
  }

  /** Hands the journal over to the helper that uploads for a burst of go commands; see `runBatcher`. */
  handOver(): void {
    const { journal } = this.#options;
    clearTimeout(this.#pause);
    journal.append([...this.#used.takeWaiting()].map((actionId) => ({ actionId })));
    journal.handOver();
  }

  put({ path: _, ...entry }: LocalEntry): void {
    this.#options.journal.append([entry]);
    this.#added.add({ ...entry, isNew: true });
    this.#puts++;
    if (this.#puts % PUTS_PER_ROUND === 0) void this.store();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.store(), QUIET_MS).unref();
  }

  /** Notes that go used an entry. */
  used(actionId: string): void {
    this.#uses++;
    this.#used.add(actionId);
  }

  /** The new entries that are not published yet. */
  get unpublished(): EntryTotal {
    return this.#added.unpublished;
  }

  /** Whether the session has done anything. */
  get isInUse(): boolean {
    return this.#uses + this.#puts > 0 || !this.#added.isEmpty;
  }

  /** Uploads and records everything within `limitMs`; the journal keeps entries that fail. */
  async drain(limitMs: number): Promise<void> {
    const { uploads, counters } = this.#options;
    clearTimeout(this.#pause);
    if (this.isSettled) return;
    const timer = setTimeout(() => uploads.abandon(), limitMs);
    await this.store();
    clearTimeout(timer);
    const lost = this.unpublished.count;
    if (lost > this.#lost) counters.add("put_remote_lost", lost - this.#lost);
    this.#lost = lost;
    this.#options.journal.stopHeartbeat();
  }

  /**
   * Uploads and records everything, with no limit besides those of single requests; the journal keeps entries that fail.
   * Rounds run one after the other. Never rejects.
   */
  async store(): Promise<void> {
    const storing = this.#storing.then(() => this.#storeThrough()).catch(() => undefined);
    this.#storing = storing;
    await storing;
  }

  /** Says in the bucket that this machine will add nothing to its run. Never rejects. */
  async endRun(): Promise<void> {
    await this.#options.publisher.end();
  }

  /** See `RunPublisher`. */
  async trim(): Promise<void> {
    await this.#options.publisher.trim();
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
      this.#settled.uses === state.uses &&
      this.#settled.isBucketKnown === state.isBucketKnown &&
      this.#settled.badPackReports === state.badPackReports;
    return isSame && this.#added.isEmpty;
  }

  get #state(): WriterState {
    const { isBucketKnown, badPackReports } = this.#options;
    return { uses: this.#uses, isBucketKnown: isBucketKnown(), badPackReports: badPackReports() };
  }

  /** While the bucket is only probed, a round uploads one object. If that closes the breaker, the rest follows. */
  async #storeThrough(): Promise<void> {
    if (this.isSettled) return;
    const { health, journal } = this.#options;
    const wasOpen = health.writes.open !== undefined;
    const isAll = await this.#store();
    const hasRecovered = wasOpen && health.writes.open === undefined;
    if (hasRecovered && !isAll) await this.#store();
    if (health.isDenied) journal.discard();
  }

  /** Returns whether all entries that came before are published. */
  async #store(): Promise<boolean> {
    const { publisher, journal } = this.#options;
    const state = this.#state;
    const discard = journal.cut();
    await this.#lookUpUsed();
    await this.#added.place();
    const sealed = this.#added.seal();
    const isPublished = await publisher.publish(sealed, this.#used.segments);
    if (isPublished) {
      this.#added.published(sealed);
      this.#used.recorded();
    }
    for (const { segment } of sealed) this.#used.addAll(segment.id);
    this.#hasPublished ||= isPublished && sealed.some(({ added }) => added.count > 0);
    const isAll = isPublished && this.#added.failedCount === 0;
    if (isAll) {
      discard();
      this.#settled = state;
    }
    return isAll;
  }

  /** Without the bucket's records, assumes that an entry that was only used is in the bucket. */
  async #lookUpUsed(): Promise<void> {
    const { index, isBucketKnown, badPackReports } = this.#options;
    if (this.#checkedReports !== badPackReports()) this.#used.recheck(index());
    this.#checkedReports = badPackReports();
    if (isBucketKnown()) await this.#used.resolve(index(), (actionId) => this.#addUnknown(actionId));
  }

  /** The author of an entry that is only on the local disk is unknown, so it must not be signed. */
  #addUnknown(actionId: string): void {
    const entry = this.#options.local.get(actionId);
    const recorded = this.#recorded(actionId);
    const isSame = entry !== undefined && recorded?.outputId === entry.outputId;
    if (entry === undefined || (this.isSigning && !isSame)) return;
    // The local cache may have no names of programs.
    this.#added.add({ ...(isSame ? nameOf(recorded) : {}), ...entry, isNew: false });
  }

  /** The entry in a record that is read, though in a pack that is gone. */
  #recorded(actionId: string): CacheEntry | undefined {
    const row = this.#options.index().findRow(actionId);
    return row?.named.segment.entry(row.row);
  }
}

function nameOf({ executable }: { executable?: string }): { executable?: string } {
  return executable === undefined ? {} : { executable };
}

/** If this state is unchanged, and nothing was added, another upload round has no work. */
interface WriterState {
  /** The number of entries used. */
  uses: number;
  isBucketKnown: boolean;
  badPackReports: number;
}

export interface PackedWriterOptions {
  index: () => PackedIndex;
  local: LocalBuilds;
  packer: PackerForEntries;
  /** Opens a segment on the local disk. */
  openSegment: (id: string) => Segment | undefined;
  uploads: Uploads;
  publisher: Pick<RunPublisher, "publish" | "end" | "trim">;
  journal: Pick<EntryJournal, "append" | "adopt" | "cut" | "discard" | "handOver" | "stopHeartbeat">;
  /** Whether records are signed. Then they contain only entries that go put here or that a trusted record contains. */
  isSigning?: boolean | undefined;
  counters: { add(name: string, amount?: number): void };
  /** How long go compiled an action, in milliseconds. */
  timeOf?: () => (actionId: string) => number | undefined;
  /** Whether this machine has ever read the bucket's records. */
  isBucketKnown: () => boolean;
  /** See `PackedTransfer`. */
  badPackReports: () => number;
  health: Pick<StoreHealth, "isDenied" | "writes">;
}
