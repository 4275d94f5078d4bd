import type { CacheEntry, LocalEntry } from "../../../buildcache/entry.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import type { PackedEntry } from "../format/entry.ts";
import type { LocalOutput } from "../format/output-frame.ts";
import type { PackedIndex } from "../index/packed-index.ts";
import type { EntryJournal } from "./journal.ts";
import type { Packer } from "./packer.ts";
import type { RunPublisher } from "./run-publisher.ts";
import type { SessionEntry, SessionLog } from "./session-log.ts";
import type { Uploads } from "./uploads.ts";

/** How long the close of a session that put nothing may take for what others have left. */
const ADOPTED_MS = 2_000;
/** After this time without a put, go is at something long, such as a test: what was put is stored meanwhile. */
const QUIET_MS = 5_000;

/** What a round of storing came to. */
interface Stored {
  /** How many new entries are not in the bucket. */
  lost: number;
  /** Whether all is in the bucket, what was only used included, as far as it can be. */
  isAll: boolean;
}

/** Brings what a session put, and what it used that the bucket lacks, into packs and records. */
export class PackedWriter {
  readonly #options: PackedWriterOptions;
  #hasPut = false;
  #lost = 0;
  /** What go has put in this session: such entries may be signed. */
  readonly #own = new Set<string>();
  #storing: Promise<unknown> = Promise.resolve();
  #pause: ReturnType<typeof setTimeout> | undefined;
  #hasPublished = false;
  /** The state that the last round of storing has dealt with, all of it. */
  #settled: WriterState = { size: 0, isBucketKnown: false, badPackReports: 0 };

  constructor(options: PackedWriterOptions) {
    this.#options = options;
  }

  /** Takes over what helpers have left that died, or handed it over. Returns whether there was anything. */
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
    // No round of storing follows that would do it.
    if (left.length > 0 && this.isSettled) journal.discard();
    return left.length > 0;
  }

  /** Leaves everything to the helper that collects for a row of go commands; see `collectRow`. */
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
    if (this.#options.isSigning === true) this.#own.add(nameOf(entry));
    this.#pack(entry);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.store(), QUIET_MS).unref();
  }

  /** Bytes of outputs that others should know and do not yet; `undefined`: nothing at all is new. */
  get newsBytes(): number | undefined {
    const news = this.#options.session.entries.filter(({ isNew }) => isNew);
    return news.length === 0 ? undefined : news.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Uploads and writes down everything, within `limitMs`; the journal keeps what could not be. */
  async drain(limitMs: number): Promise<void> {
    const { uploads, counters } = this.#options;
    clearTimeout(this.#pause);
    if (this.isSettled) return;
    const timer = setTimeout(() => uploads.abandon(), this.#hasPut ? limitMs : Math.min(limitMs, ADOPTED_MS));
    const { lost } = await this.#storeInTurn();
    clearTimeout(timer);
    if (lost > this.#lost) counters.add("put_remote_lost", lost - this.#lost);
    this.#lost = lost;
    this.#options.journal.leave();
  }

  /** The same without a limit beyond those of single requests, for a session that goes on. Never rejects. */
  async store(): Promise<void> {
    await this.#storeInTurn();
  }

  /** Ends, without giving up what is under way. */
  retire(): void {
    clearTimeout(this.#pause);
    this.#options.journal.leave();
  }

  /** Whether anything new was brought into the bucket. */
  get hasPublished(): boolean {
    return this.#hasPublished;
  }

  /** Gives up what is under way; the journal keeps it. */
  abandon(): void {
    this.#options.uploads.abandon();
  }

  /** Whether another round would find nothing to do. */
  get isSettled(): boolean {
    const state = this.#state;
    const isSame =
      this.#settled.size === state.size &&
      this.#settled.isBucketKnown === state.isBucketKnown &&
      this.#settled.badPackReports === state.badPackReports;
    return state.size > 0 && isSame && this.newsBytes === undefined;
  }

  get #state(): WriterState {
    const { session, isBucketKnown, badPackReports } = this.#options;
    return { size: session.size, isBucketKnown: isBucketKnown(), badPackReports: badPackReports() };
  }

  /** Never rejects: what fails for an unforeseen reason is not stored. */
  async #storeInTurn(): Promise<Stored> {
    const { session, journal, isDenied } = this.#options;
    const state = this.#state;
    const storing = this.#storing
      .then(() => this.#store())
      .catch(() => ({ lost: session.newsCount, isAll: false }));
    this.#storing = storing;
    const stored = await storing;
    if (stored.isAll) this.#settled = state;
    // What was adopted meanwhile is for the next round.
    const isAllDone = stored.isAll && state.size === session.size && this.newsBytes === undefined;
    if (isAllDone || isDenied()) journal.discard();
    return stored;
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

  /** `undefined` when its output is not in the bucket and can't be brought there. */
  async #place({ path, isNew, ...entry }: SessionEntry): Promise<PackedEntry | undefined> {
    if (this.#options.isSigning === true && !this.#mayBeSigned(entry)) return undefined;
    if (entry.sizeBytes === 0) return { ...entry, place: undefined };
    const { outputId, sizeBytes } = entry;
    const { index, isBucketKnown, packer } = this.#options;
    const known = index().findPlace(outputId);
    // What was only used is most likely in the bucket, as long as nobody has looked.
    const isMissing = known === undefined && (isNew || isBucketKnown());
    const place = isMissing ? await packer.add({ outputId, sizeBytes, path }) : known;
    return place && { ...entry, place };
  }

  /** Nobody knows who has put what is merely on this disk. */
  #mayBeSigned(entry: CacheEntry): boolean {
    const known = this.#options.index().find(entry.actionId)?.entry;
    return known?.outputId === entry.outputId || this.#own.has(nameOf(entry));
  }

  /** Begins to upload an output, unless it is in the bucket already. */
  #pack(output: LocalOutput): void {
    const { index, packer } = this.#options;
    if (output.sizeBytes === 0 || index().findPlace(output.outputId) !== undefined) return;
    void packer.add(output);
  }
}

/** What decides whether another round of storing would find anything to do. */
interface WriterState {
  /** Entries in the session. */
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
  journal: Pick<EntryJournal, "append" | "adopt" | "discard" | "handOver" | "leave">;
  /** Whether records are signed: only what go put here, or what comes from a record that counts, is written down. */
  isSigning?: boolean | undefined;
  counters: { add(name: string, amount?: number): void };
  /** Whether it was ever read what is in the bucket. */
  isBucketKnown: () => boolean;
  /** See `PackedTransfer`. */
  badPackReports: () => number;
  /** Whether the bucket denies this identity's uploads: keeping them for later makes no sense then. */
  isDenied: () => boolean;
}
