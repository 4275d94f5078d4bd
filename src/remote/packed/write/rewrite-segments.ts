import type { LocalOutputs } from "../../local-outputs.ts";
import type { PackedEntry, Place } from "../format/entry.ts";
import type { LocalOutput } from "../format/output-frame.ts";
import { RowSet } from "../format/row-set.ts";
import type { SegmentRef } from "../format/run-record.ts";
import type { Segment } from "../format/segment.ts";
import { type NewSegment, SegmentBuilder } from "../format/segment-builder.ts";
import { planRewrite } from "./plan-rewrite.ts";
import { scatteredPacks } from "./scattered-packs.ts";

/** A segment of a run's log, opened. */
export interface LoggedSegment {
  ref: SegmentRef;
  segment: Segment;
  /** The rows that this run used. */
  used: RowSet;
  /** The rows that this run or a run that readers read has used. */
  needed: RowSet;
}

export interface RewriteOptions {
  local: LocalOutputs;
  /** Puts outputs into one pack; returns their new locations. */
  repack: (outputs: LocalOutput[]) => Promise<Map<string, Place>>;
  /** Whether the pack with this id is known to be gone or damaged: its entries are left out. */
  isGone: (packId: string) => boolean;
  /** Whether this run is of the default branch; runs of others end soon, and most of what they use is in its packs. */
  isDefaultBranch: boolean;
}

/** Segments in place of others. */
export interface Rewrite {
  created: NewSegment[];
  /** The actions of the new segments that this run used. */
  used: Set<string>;
  /** The rows that the new segments replace, by segment id. */
  replaced: Map<string, RowSet>;
}

/**
 * Writes segments anew that are small, hardly used or partly lost. Moves outputs to one new pack if they are on the
 * local disk: those of many small packs, and those of packs that are gone. `undefined`: all is well as it is.
 */
export async function rewriteSegments(
  segments: readonly LoggedSegment[],
  options: RewriteOptions,
): Promise<Rewrite | undefined> {
  const planned = planRewrite(
    segments.map((each) => ({ id: each.ref.id, rows: each.ref.rows, neededRows: takenRows(each).count })),
  );
  for (const { ref, segment } of segments)
    if (segment.packs.some((pack) => options.isGone(pack?.id ?? ""))) planned.add(ref.id);
  const packs = segments.flatMap(({ segment }) => segment.packs);
  // A segment still lists packs from which all was moved.
  const kept = segments.flatMap((from) => from.segment.packsOf(takenRows(from).list()));
  const scattered = scatteredPacks(kept, options.isDefaultBranch);
  if (planned.size + scattered.size === 0) return undefined;
  const isMoving = (id: string) => scattered.has(id) || options.isGone(id);
  const moving = new Set(packs.flatMap((pack) => (pack !== undefined && isMoving(pack.id) ? [pack.id] : [])));
  const places = await repack(segments, moving, options);
  const builder = new RewriteBuilder(places, options.isGone);
  for (const from of segments) {
    if (planned.has(from.ref.id)) builder.take(from, takenRows(from).list());
    else builder.take(from, rowsIn(from, moving), ({ outputId }) => places.has(outputId));
  }
  return builder.finish();
}

/** Moves the outputs of these packs that are on the local disk to one pack; returns their new locations. */
async function repack(
  segments: readonly LoggedSegment[],
  packIds: ReadonlySet<string>,
  options: RewriteOptions,
): Promise<ReadonlyMap<string, Place>> {
  const outputs = segments.flatMap((from) =>
    [...from.segment.entries(rowsIn(from, packIds))].flatMap(([, entry]) => findLocal(entry, options.local)),
  );
  return outputs.length === 0 ? new Map() : await options.repack(outputs);
}

/** The rows in these packs that are kept. Reads no others: a segment is large, and the packs that move are small. */
function rowsIn(from: LoggedSegment, packIds: ReadonlySet<string>): number[] {
  const rows = takenRows(from);
  return from.segment.rowsIn(packIds).filter((row) => rows.has(row));
}

/** A record contains its inline segments whole, so it takes only what its own run used of them. */
function takenRows({ ref, used, needed }: LoggedSegment): RowSet {
  return ref.isInline ? used : needed;
}

/** Collects rows for new segments. */
class RewriteBuilder {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #isGone: RewriteOptions["isGone"];
  readonly #builder = new SegmentBuilder();
  readonly #created: NewSegment[] = [];
  readonly #used = new Set<string>();
  readonly #replaced = new Map<string, RowSet>();

  /** `places`: the new locations of outputs. */
  constructor(places: ReadonlyMap<string, Place>, isGone: RewriteOptions["isGone"]) {
    this.#places = places;
    this.#isGone = isGone;
  }

  /** Takes the wanted ones of these rows. Without `isWanted` they are all that is needed of the segment. */
  take(from: LoggedSegment, rows: number[], isWanted?: (entry: PackedEntry) => boolean): void {
    const taken = RowSet.none(from.segment.rows);
    for (const [row, entry] of from.segment.entries(rows)) {
      if (isWanted?.(entry) === false) continue;
      taken.add(row);
      this.#add(entry, from.used.has(row));
    }
    if (isWanted === undefined || taken.count > 0) this.#replaced.set(from.ref.id, taken);
  }

  #add(entry: PackedEntry, isUsed: boolean): void {
    if (this.#builder.isFull) this.#created.push(this.#builder.seal());
    const place = entry.place && (this.#places.get(entry.outputId) ?? entry.place);
    if (this.#isGone(place?.pack.id ?? "")) return;
    // What other runs need may lie in a pack that this run has found to be gone.
    if (isUsed) this.#used.add(entry.actionId);
    else if (this.#used.has(entry.actionId)) return;
    this.#builder.add({ ...entry, place });
  }

  /** `undefined`: nothing was taken. */
  finish(): Rewrite | undefined {
    if (this.#replaced.size === 0) return undefined;
    if (this.#builder.rows > 0) this.#created.push(this.#builder.seal());
    return { created: this.#created, used: this.#used, replaced: this.#replaced };
  }
}

function findLocal({ outputId, sizeBytes }: PackedEntry, local: LocalOutputs): LocalOutput[] {
  const found = local.findOutput(outputId);
  return found?.sizeBytes === sizeBytes ? [{ ...found, outputId }] : [];
}
