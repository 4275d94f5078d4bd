/**
 * Collects garbage below `[<prefix>/]packed/v1/`, and touches nothing else:
 *
 * 1. Lists the records. Removes those of runs that no reader needs, those of jobs without a write for `olderThanMs`, and
 *    additions that are older than three days or that no scope reads. Reads the others that are new, and the segments
 *    that they name.
 * 2. Notes the packs and segments that nothing live names, and removes them a day later.
 * 3. Writes what projects share to `shared/<platform>.json.zst`, once a week.
 *
 * Such a round may take several stretches, each of which may be killed at any request: what a stretch has read is in
 * `gc/marks/` (`ledger.ts`), and how far it has come in `gc/candidates.json.zst`. Several may go on at once. All ages are
 * by the store's clock.
 */
import { PackedBucket } from "../bucket/packed-bucket.ts";
import { isRun, type ListedRecord, listRecords } from "../bucket/record-census.ts";
import { jobGroups } from "./job-groups.ts";
import { noteFinished, writeLease } from "./lease.ts";
import type { Ledger } from "./ledger.ts";
import { LedgerStore } from "./ledger-store.ts";
import { Marks } from "./marks.ts";
import { Pace } from "./pace.ts";
import { removeAll } from "./remove-all.ts";
import type { GcOptions, GcReport } from "./report.ts";
import { recordsToRemove } from "./retention.ts";
import { updateShared } from "./shared.ts";
import { SharedSources } from "./shared-sources.ts";
import { Sweep } from "./sweep.ts";

/** Records that are removed or read at a time. */
const BATCH = 500;
const LEASE_KEPT_MS = 60_000;

/** Rejects if a request fails; the next collection goes on where this one was. */
export async function collectGarbage(options: GcOptions): Promise<GcReport> {
  const collection = new Collection(options);
  await collection.begin();
  return await collection.run();
}

class Collection {
  readonly #options: GcOptions;
  readonly #bucket: PackedBucket;
  readonly #pace: Pace;
  readonly #ledgers: LedgerStore;
  readonly #sources = new SharedSources();
  readonly #presentShared: ListedRecord[] = [];
  readonly #report: GcReport;
  #leaseMs = 0;
  /** By the store's clock, in the last listing. */
  #nowMs = 0;
  #readCount = 0;

  constructor(options: GcOptions) {
    this.#options = options;
    this.#bucket = new PackedBucket(options);
    this.#pace = new Pace(options);
    this.#ledgers = new LedgerStore(this.#bucket, options.dryRun);
    this.#report = {
      name: this.#bucket.name,
      isFinished: false,
      removedRuns: 0,
      removedAdditions: 0,
      keptRecords: 0,
      shared: [],
      unreadable: [],
      packs: undefined,
      segments: undefined,
    };
  }

  async begin(): Promise<void> {
    this.#leaseMs = this.#elapsedMs;
    if (!this.#options.dryRun && this.#options.hasLease !== true) await writeLease(this.#bucket);
  }

  async run(): Promise<GcReport> {
    const ledger = await this.#ledgers.load();
    // Without what a last look at the records finds, which is little, the stretch would have done nothing.
    let isLastLook = false;
    const marks = new Marks(this.#bucket, ledger, {
      isOver: () => this.#pace.isOver && !isLastLook,
      onRead: async () => {
        this.#options.onProgress?.({ stage: "reading records", done: ++this.#readCount, total: undefined });
        if (this.#pace.step()) await this.#save(ledger);
      },
    });
    this.#report.unreadable = marks.unreadable;
    const isMarked = (await this.#markRecords(marks)) && (await marks.markPacks());
    await this.#save(ledger);
    if (!isMarked) return this.#report;
    const markAgain = async () => {
      isLastLook = true;
      const isAll = await this.#markAgain(marks);
      isLastLook = false;
      await this.#save(ledger);
      return isAll;
    };
    if (!(await this.#sweep(marks, markAgain))) return this.#report;
    await this.#finish(marks, ledger);
    return this.#report;
  }

  /** Removes the records that nobody needs, and marks the others. Returns whether that was all. */
  async #markRecords(marks: Marks): Promise<boolean> {
    let old: string[] = [];
    let kept: ListedRecord[] = [];
    const flush = async () => {
      if (!this.#options.dryRun) await removeAll(this.#bucket, old);
      old = [];
      const isAll = await marks.mark(kept);
      kept = [];
      return isAll;
    };
    for await (const { removed, left } of this.#judgedRecords(KINDS)) {
      this.#count(removed, left);
      old.push(...removed.map(({ key }) => key));
      kept.push(...left.filter((record) => this.#isRead(record)));
      if (old.length + kept.length >= BATCH && !(await flush())) return false;
    }
    return await flush();
  }

  /** Marks what records name by now: those that were written since, or have changed. */
  async #markAgain(marks: Marks): Promise<boolean> {
    let kept: ListedRecord[] = [];
    for await (const { left } of this.#judgedRecords(MARKED_KINDS)) {
      kept.push(...left.filter((record) => this.#isRead(record)));
      if (kept.length < BATCH) continue;
      if (!(await marks.mark(kept))) return false;
      kept = [];
    }
    return (await marks.mark(kept)) && (await marks.markPacks());
  }

  /** All records, those of a job together, and which of them go. */
  async *#judgedRecords(kinds: readonly ListedRecord["kind"][]) {
    const { olderThanMs } = this.#options;
    for await (const { records, serverTimeMs } of jobGroups(this.#listRecords(kinds))) {
      const removed = new Set(recordsToRemove(records, { nowMs: serverTimeMs, olderThanMs }));
      yield { removed: [...removed], left: records.filter((record) => !removed.has(record)) };
    }
  }

  async *#listRecords(kinds: readonly ListedRecord["kind"][]) {
    let done = 0;
    for await (const page of listRecords(this.#bucket, kinds)) {
      this.#nowMs = page.serverTimeMs;
      done += page.records.length;
      this.#options.onProgress?.({ stage: "listing records", done, total: undefined });
      await this.#keepLease();
      yield page;
    }
  }

  /** Records of module files name no packs. Others than a platform's own shared record are not read by anybody. */
  #isRead({ kind, key }: ListedRecord): boolean {
    if (kind === "shared") return !key.slice(`${this.#bucket.keys.root}shared/`.length).includes("/");
    return kind !== "mod";
  }

  #count(removed: ListedRecord[], left: ListedRecord[]): void {
    const countOf = (records: ListedRecord[], ...kinds: ListedRecord["kind"][]) =>
      records.filter(({ kind }) => kinds.includes(kind)).length;
    this.#report.removedRuns += countOf(removed, "run", "mod");
    this.#report.removedAdditions += countOf(removed, "new");
    this.#report.keptRecords += countOf(left, "run", "new");
    this.#sources.add(left.filter(isRun));
    this.#presentShared.push(...left.filter((record) => record.kind === "shared" && this.#isRead(record)));
  }

  /** Returns whether the round has come to its end. */
  async #sweep(marks: Marks, markAgain: () => Promise<boolean>): Promise<boolean> {
    if (marks.unreadable.length > 0) return true;
    const { dryRun, limitMs, onProgress = () => {} } = this.#options;
    const keepLease = () => this.#keepLease();
    const options = {
      bucket: this.#bucket,
      marks,
      pace: this.#pace,
      dryRun,
      onProgress,
      markAgain,
      keepLease,
    };
    const sweep = await Sweep.begin(options, limitMs === undefined);
    const isDone = await sweep.run();
    const isReadable = marks.unreadable.length === 0;
    if (isReadable) {
      this.#report.packs = sweep.reports.pack;
      this.#report.segments = sweep.reports.segment;
    }
    if (isDone || !isReadable) await sweep.finish();
    return isDone || !isReadable;
  }

  async #finish(marks: Marks, ledger: Ledger): Promise<void> {
    const { dryRun, trust } = this.#options;
    this.#report.shared = await updateShared({
      bucket: this.#bucket,
      sources: this.#sources,
      present: this.#presentShared,
      damaged: marks.damagedShared,
      nowMs: this.#nowMs,
      dryRun,
      trust,
    });
    this.#report.isFinished = true;
    if (dryRun) return;
    await this.#ledgers.tidy(ledger, marks.live);
    await noteFinished(this.#bucket);
  }

  async #save(ledger: Ledger): Promise<void> {
    await this.#ledgers.save(ledger);
    await this.#keepLease();
  }

  async #keepLease(): Promise<void> {
    if (this.#options.dryRun || this.#elapsedMs - this.#leaseMs < LEASE_KEPT_MS) return;
    this.#leaseMs = this.#elapsedMs;
    await writeLease(this.#bucket);
  }

  get #elapsedMs(): number {
    return this.#options.elapsedMs?.() ?? 0;
  }
}

const MARKED_KINDS = ["run", "head", "new", "shared"] as const;
const KINDS = [...MARKED_KINDS, "mod"] as const;
