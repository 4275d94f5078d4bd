/** The second half of a collection: removes packs and segments that nothing has named for a day. */
import { ObjectSum } from "../../../lib/object-sum.ts";
import type { OnProgress } from "../../../lib/progress.ts";
import type { PackedBucket, StoredPack } from "../bucket/packed-bucket.ts";
import { type CandidateState, Candidates, readCandidates, writeCandidates } from "./candidates.ts";
import type { Marks } from "./marks.ts";
import type { Pace } from "./pace.ts";
import { removeAll } from "./remove-all.ts";
import type { SweepReport } from "./report.ts";

/** This many are removed at a time, after another look at the records. */
const BATCH = 5_000;
/** Between two looks at the time. */
const REMOVED_AT_ONCE = 256;
/** In the order of their names. */
const KINDS = ["pack", "segment"] as const;

type Kind = (typeof KINDS)[number];

export interface SweepOptions {
  bucket: PackedBucket;
  marks: Marks;
  pace: Pace;
  dryRun: boolean;
  onProgress: OnProgress;
  /** Marks what records name by now. Returns whether that was all. */
  markAgain: () => Promise<boolean>;
  /** Called often. */
  keepLease: () => Promise<void>;
}

interface Due {
  name: string;
  key: string;
  sizeBytes: number;
}

export type SweepReports = Record<Kind, SweepReport>;

/** Goes through the packs and segments where the last stretch stopped. */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #start: CandidateState;
  readonly #candidates: Candidates;
  readonly reports: SweepReports = { pack: newReport(), segment: newReport() };
  #due: Due[] = [];
  /** Everything up to this name is noted, or removed. */
  #after: string;
  #listedTo: string;

  private constructor(options: SweepOptions, start: CandidateState) {
    this.#options = options;
    this.#start = start;
    this.#candidates = new Candidates(start);
    this.#after = start.after;
    this.#listedTo = start.after;
  }

  /** Without a limit of time, a stretch begins anew, so that its report is whole. */
  static async begin(options: SweepOptions, isWhole: boolean): Promise<Sweep> {
    const state = await readCandidates(options.bucket);
    return new Sweep(options, isWhole ? { ...state, after: "" } : state);
  }

  /**
   * Notes the unnamed packs and segments and removes those that have been unnamed for long. Writes the candidates before
   * it removes any, so that whoever comes next can simply go on. Returns whether it has come to the end; stops after a
   * page when time is up, and when a record or segment turns out to be unreadable.
   */
  async run(): Promise<boolean> {
    for (const kind of KINDS) {
      if (this.#start.after >= `${kind}/~`) continue;
      if (!(await this.#runKind(kind))) return false;
      this.#pass(`${kind}/~`);
    }
    return await this.#flush();
  }

  async #runKind(kind: Kind): Promise<boolean> {
    const { pace, onProgress, keepLease } = this.#options;
    for await (const { packs, serverTimeMs } of this.#list(kind)) {
      for (const pack of packs) this.#note(kind, pack, serverTimeMs);
      onProgress({ stage: `listing ${kind}s`, done: this.reports[kind].left.count, total: undefined });
      await keepLease();
      // Nothing comes after an empty page.
      const isOver = pace.isOver && packs.length > 0;
      if ((isOver || this.#due.length >= BATCH) && !(await this.#flush())) return false;
      if (pace.step() || isOver) await this.#save(this.#after);
      if (isOver) return false;
    }
    return true;
  }

  /** The next round begins anew. */
  async finish(): Promise<void> {
    await this.#save("");
  }

  #list(kind: Kind) {
    const { bucket } = this.#options;
    const { after } = this.#start;
    const startAfter = after.startsWith(`${kind}/`)
      ? bucket.keys[kind](after.slice(kind.length + 1))
      : undefined;
    return kind === "pack" ? bucket.listPacks(startAfter) : bucket.listSegments(startAfter);
  }

  #note(kind: Kind, pack: StoredPack, nowMs: number): void {
    const { marks, bucket } = this.#options;
    const { id, sizeBytes, modifiedMs } = pack;
    const name = `${kind}/${id}`;
    const report = this.reports[kind];
    report.left.add(sizeBytes);
    if (!(kind === "pack" ? marks.hasPack(id) : marks.hasSegment(id))) {
      report.unnamed.add(sizeBytes);
      const isDue = this.#candidates.note({ name, modifiedMs }, nowMs);
      if (isDue) this.#due.push({ name, key: bucket.keys[kind](id), sizeBytes });
    }
    this.#pass(name);
  }

  #pass(name: string): void {
    this.#candidates.passTo(name);
    this.#listedTo = name;
    if (this.#due.length === 0) this.#after = name;
  }

  /** Removes what is due. Returns whether that was all. */
  async #flush(): Promise<boolean> {
    if (this.#due.length > 0) {
      await this.#save(this.#after);
      // Listing takes time; a run may have named an old pack in the meantime.
      if (!(await this.#options.markAgain()) || this.#options.marks.unreadable.length > 0) return false;
      if (!(await this.#remove())) return false;
    }
    this.#after = this.#listedTo;
    return true;
  }

  async #remove(): Promise<boolean> {
    const { pace, dryRun, marks, bucket, onProgress, keepLease } = this.#options;
    const total = this.#due.length;
    while (this.#due.length > 0) {
      const some = this.#due.splice(0, REMOVED_AT_ONCE);
      const unwanted = some.filter(({ name }) => !isNamed(marks, name));
      if (!dryRun) {
        await removeAll(
          bucket,
          unwanted.map(({ key }) => key),
        );
      }
      for (const { name, sizeBytes } of unwanted) {
        this.#candidates.remove(name);
        moveToRemoved(this.reports[name.startsWith("pack/") ? "pack" : "segment"], sizeBytes);
      }
      this.#after = some.at(-1)?.name ?? this.#after;
      onProgress({ stage: "removing packs and segments", done: total - this.#due.length, total });
      await keepLease();
      if (pace.isOver && this.#due.length > 0) {
        await this.#save(this.#after);
        return false;
      }
    }
    return true;
  }

  async #save(after: string): Promise<void> {
    const { bucket, dryRun } = this.#options;
    if (!dryRun) await writeCandidates(bucket, this.#candidates.stateAfter(after));
  }
}

function isNamed(marks: Marks, name: string): boolean {
  const [kind, id = ""] = name.split("/");
  return kind === "pack" ? marks.hasPack(id) : marks.hasSegment(id);
}

function newReport(): SweepReport {
  return { removed: new ObjectSum(), left: new ObjectSum(), unnamed: new ObjectSum() };
}

function moveToRemoved({ removed, left, unnamed }: SweepReport, sizeBytes: number): void {
  removed.add(sizeBytes);
  for (const sum of [left, unnamed]) {
    sum.count--;
    sum.sizeBytes -= sizeBytes;
  }
}
