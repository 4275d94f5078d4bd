/** What `inspect` keeps of a segment: a few bytes a row, so that those of a large project fit into memory together. */
import { IdTable } from "../../../../lib/id-table.ts";
import { allRows, type Segment } from "../../format/segment.ts";

/** The first 53 bits of an action stand for it. */
const ACTION_DIGITS = 8;
const ACTION_REST_DIGITS = 6;
const ACTION_REST = 2 ** 21;
const ROW_BYTES = 8 + 4 + 4 + 8;

/** Every pack that a segment names, by number. */
export class PackTable {
  readonly #numbers = new IdTable();
  readonly #sizes: number[] = [];

  numberOf(id: string, sizeBytes: number): number {
    const known = this.#numbers.get(id);
    if (known !== 0) return known;
    this.#sizes.push(sizeBytes);
    this.#numbers.set(id, this.#sizes.length);
    return this.#sizes.length;
  }

  sizeOf(number: number): number {
    return this.#sizes[number - 1] ?? 0;
  }

  has(id: string): boolean {
    return this.#numbers.has(id);
  }
}

/** The rows of a segment, in columns. */
export interface SegmentFacts {
  /** Stands for the action; -1: the row is no entry. */
  actions: Float64Array;
  /** Numbers in the `PackTable`; 0: the output is empty. */
  packs: Uint32Array;
  offsets: Uint32Array;
  lengths: Float64Array;
}

export function factsOf(segment: Segment, table: PackTable): SegmentFacts {
  const { rows } = segment;
  const facts: SegmentFacts = {
    actions: new Float64Array(rows).fill(-1),
    packs: new Uint32Array(rows),
    offsets: new Uint32Array(rows),
    lengths: new Float64Array(rows),
  };
  for (const [row, { actionId, place }] of segment.entries(allRows(segment))) {
    facts.actions[row] = numberOf(actionId);
    if (place === undefined) continue;
    facts.packs[row] = table.numberOf(place.pack.id, place.pack.sizeBytes);
    facts.offsets[row] = place.offset;
    facts.lengths[row] = place.length;
  }
  return facts;
}

/** The bytes that they take. */
export function weighFacts({ actions }: SegmentFacts): number {
  return ROW_BYTES * actions.length;
}

function numberOf(actionId: string): number {
  const rest = Number.parseInt(actionId.slice(ACTION_DIGITS, ACTION_DIGITS + ACTION_REST_DIGITS), 16);
  return Number.parseInt(actionId.slice(0, ACTION_DIGITS), 16) * ACTION_REST + (rest >>> 3);
}
