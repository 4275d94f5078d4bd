import { freeBuffer } from "../../../lib/bytes/free-buffer.ts";
import type { Pack, PackedEntry, Place } from "./entry.ts";
import type { PrefixTest } from "./keys.ts";
import {
  DETAIL_BYTES,
  HEADER_BYTES,
  HIGH_BYTES,
  highOf,
  ID_REST_BYTES,
  IDS_BYTES,
  type Layout,
  layoutOf,
  MAGIC,
  MAX_ROWS,
  MAX_TEXT_BYTES,
  NO_PACK,
  ORDER_BYTES,
  PACK_BYTES,
  UNKNOWN_MS,
} from "./segment-layout.ts";
import { parseSegmentText } from "./segment-text.ts";
import { SortedNumbers } from "./sorted-numbers.ts";

/** From so many rows on, reading the whole segment is faster than reading each row. */
const BULK_ROWS = 64;

/** Where a segment's bytes are. Throws if they can't be read. */
export interface SegmentBytes {
  readonly sizeBytes: number;
  /** A copy, which the caller may free, or a view of a larger buffer. */
  read(offset: number, length: number): Buffer<ArrayBuffer>;
}

/** Looks entries up in a segment, wherever its bytes are. */
export class Segment {
  /** SHA-256 of its bytes, lower-case hex. */
  readonly id: string;
  readonly rows: number;
  /** Whether it has rows in packs below prefixes that are not read. */
  readonly isPartlyRefused: boolean;
  readonly #bytes: SegmentBytes;
  readonly #layout: Layout;
  readonly #packCount: number;
  /** `undefined`: one that is not read. */
  readonly #prefixes: readonly (string | undefined)[];
  /** See `SegmentText`. */
  readonly #executables: ReadonlyMap<number, string | undefined>;
  readonly #actions: SortedNumbers;
  /** Read when they are first needed. */
  #outputs: Uint32Array | undefined;
  #order: Uint16Array | undefined;
  #packs: (Pack | undefined)[] | undefined;

  /**
   * `isRead`: the prefixes whose packs are used; the segment has no row then that lies in another. Throws if the bytes are
   * not laid out like a segment. Their hash is for the caller to check.
   */
  constructor(id: string, bytes: SegmentBytes, isRead: PrefixTest = () => true) {
    this.id = id;
    this.#bytes = bytes;
    const header = bytes.read(0, HEADER_BYTES);
    if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new Error("not a segment");
    this.rows = header.readUInt32LE(8);
    this.#packCount = header.readUInt32LE(12);
    const textBytes = header.readUInt32LE(16);
    if (this.rows > MAX_ROWS || this.#packCount > this.rows || textBytes > MAX_TEXT_BYTES)
      throw new Error("a segment with too many rows");
    this.#layout = layoutOf(this.rows, this.#packCount, textBytes);
    if (this.#layout.end !== bytes.sizeBytes) throw new Error("a segment of another size");
    const text = parseSegmentText(bytes.read(this.#layout.text, textBytes).toString());
    this.#executables = text.executables;
    this.#prefixes = text.prefixes.map((prefix) => (isRead(prefix) ? prefix : undefined));
    this.isPartlyRefused = this.#prefixes.includes(undefined);
    this.#actions = new SortedNumbers(this.rows, (at, length) => bytes.read(HEADER_BYTES + at, length));
  }

  /** The row of an action; `undefined`: it has none. Throws if the bytes can't be read. */
  findAction(actionId: string): number | undefined {
    const { from, to } = this.#actions.rangeOf(highOf(actionId));
    for (let row = from; row < to; row++) {
      if (this.#idRests(row).toString("hex", 0, ID_REST_BYTES) !== actionId.slice(2 * HIGH_BYTES)) continue;
      const mayBeRefused = this.isPartlyRefused || this.#executables.has(row);
      return mayBeRefused && this.entry(row) === undefined ? undefined : row;
    }
    return undefined;
  }

  /** The rows with this output. Throws if the bytes can't be read. */
  *rowsOfOutput(outputId: string): Generator<number, void, void> {
    const high = highOf(outputId);
    this.#outputs ??= numbersOf(this.#bytes.read(this.#layout.outputs, HIGH_BYTES * this.rows));
    this.#order ??= orderOf(this.#bytes.read(this.#layout.order, ORDER_BYTES * this.rows));
    const outputs = this.#outputs;
    const order = this.#order;
    for (let at = firstInOrder(outputs, order, high); at < this.rows; at++) {
      const row = order[at] as number;
      if (outputs[row] !== high) return;
      if (this.#idRests(row).toString("hex", ID_REST_BYTES) === outputId.slice(2 * HIGH_BYTES)) yield row;
    }
  }

  /**
   * The entry of a row; `undefined`: the segment has no such row, or its values contradict each other. Throws if the
   * bytes can't be read.
   */
  entry(row: number): PackedEntry | undefined {
    if (!this.#has(row)) return undefined;
    const rests = this.#idRests(row);
    const outputs = this.#outputs;
    const outputHigh =
      outputs?.[row] ?? this.#bytes.read(this.#layout.outputs + HIGH_BYTES * row, HIGH_BYTES).readUInt32LE(0);
    const details = this.#bytes.read(this.#layout.details + DETAIL_BYTES * row, DETAIL_BYTES);
    return this.#decode(row, { action: this.#actions.at(row), output: outputHigh }, rests, details);
  }

  /** All readable entries of `rows`, with the rows, in this order. Throws if the bytes can't be read. */
  *entries(rows: Iterable<number>): Generator<[number, PackedEntry], void, void> {
    const all = [...rows];
    if (all.length >= BULK_ROWS) {
      yield* this.#bulk(all);
      return;
    }
    for (const row of all) {
      const entry = this.entry(row);
      if (entry !== undefined) yield [row, entry];
    }
  }

  /** Reads the whole segment at once. */
  *#bulk(rows: Iterable<number>): Generator<[number, PackedEntry], void, void> {
    const actions = this.#actions.all();
    const outputs = numbersOf(this.#bytes.read(this.#layout.outputs, HIGH_BYTES * this.rows));
    const rests = this.#bytes.read(this.#layout.ids, IDS_BYTES * this.rows);
    const details = this.#bytes.read(this.#layout.details, DETAIL_BYTES * this.rows);
    try {
      for (const row of rows) {
        if (!this.#has(row)) continue;
        const rest = rests.subarray(IDS_BYTES * row, IDS_BYTES * (row + 1));
        const detail = details.subarray(DETAIL_BYTES * row, DETAIL_BYTES * (row + 1));
        const entry = this.#decode(
          row,
          { action: actions[row] ?? 0, output: outputs[row] ?? 0 },
          rest,
          detail,
        );
        if (entry !== undefined) yield [row, entry];
      }
    } finally {
      for (const bytes of [rests, details]) freeBuffer(bytes);
    }
  }

  /** The entries with an action or output that begins with these hex digits. Reads the ids of all rows. */
  *startingWith(digits: string): Generator<PackedEntry, void, void> {
    const high = digits.slice(0, 2 * HIGH_BYTES);
    const first = highOf(high.padEnd(2 * HIGH_BYTES, "0"));
    const last = highOf(high.padEnd(2 * HIGH_BYTES, "f"));
    const actions = this.#actions.all();
    const outputs = numbersOf(this.#bytes.read(this.#layout.outputs, HIGH_BYTES * this.rows));
    const isWithin = (number = -1) => number >= first && number <= last;
    for (let row = 0; row < this.rows; row++) {
      if (!isWithin(actions[row]) && !isWithin(outputs[row])) continue;
      const entry = this.entry(row);
      if (entry?.actionId.startsWith(digits) || entry?.outputId.startsWith(digits)) yield entry;
    }
  }

  /** All rows in the order in which to fetch their outputs: by pack and offset, empty outputs last. */
  fetchOrder(): { rows: Uint16Array; packOf: (row: number) => number } {
    const details = this.#bytes.read(this.#layout.details, DETAIL_BYTES * this.rows);
    const packOf = (row: number) => details.readUInt16LE(DETAIL_BYTES * row + 12);
    const offsetOf = (row: number) => details.readUInt32LE(DETAIL_BYTES * row + 14);
    const rows = Uint16Array.from({ length: this.rows }, (_, row) => row);
    rows.sort((a, b) => packOf(a) - packOf(b) || offsetOf(a) - offsetOf(b));
    return { rows, packOf };
  }

  /** The rows in these packs. Throws if the bytes can't be read. */
  rowsIn(packIds: ReadonlySet<string>): number[] {
    const wanted = new Set(
      [...this.packs.keys()].filter((number) => packIds.has(this.packs[number]?.id ?? "")),
    );
    if (wanted.size === 0) return [];
    const details = this.#bytes.read(this.#layout.details, DETAIL_BYTES * this.rows);
    const packOf = (row: number) => details.readUInt16LE(DETAIL_BYTES * row + 12);
    return Array.from({ length: this.rows }, (_, row) => row).filter((row) => wanted.has(packOf(row)));
  }

  /** The packs that these rows name. Throws if the bytes can't be read. */
  packsOf(rows: Iterable<number>): Pack[] {
    const details = this.#bytes.read(this.#layout.details, DETAIL_BYTES * this.rows);
    const numbers = new Set<number>();
    for (const row of rows) numbers.add(details.readUInt16LE(DETAIL_BYTES * row + 12));
    return [...numbers].map((number) => this.packs[number]).filter((pack) => pack !== undefined);
  }

  /** The packs that the rows name. */
  get packs(): readonly (Pack | undefined)[] {
    this.#packs ??= this.#readPacks();
    return this.#packs;
  }

  #has(row: number): boolean {
    return row >= 0 && row < this.rows;
  }

  #idRests(row: number): Buffer {
    return this.#bytes.read(this.#layout.ids + IDS_BYTES * row, IDS_BYTES);
  }

  /** `high`: the first bytes of both ids. */
  #decode(
    row: number,
    high: { action: number; output: number },
    rests: Buffer,
    details: Buffer,
  ): PackedEntry | undefined {
    const executable = this.#executables.get(row);
    if (executable === undefined && this.#executables.has(row)) return undefined;
    const sizeBytes = details.readUIntLE(0, 6);
    const place = this.#placeOf(details);
    if (place === undefined && (details.readUInt16LE(12) !== NO_PACK || sizeBytes > 0)) return undefined;
    const ms = details.readUInt32LE(24);
    return {
      actionId: idOf(high.action, rests, 0),
      outputId: idOf(high.output, rests, ID_REST_BYTES),
      sizeBytes,
      putTimeMs: details.readUIntLE(6, 6),
      place,
      ...(ms === UNKNOWN_MS ? {} : { compileMs: ms }),
      ...(executable === undefined ? {} : { executable }),
    };
  }

  #placeOf(details: Buffer): Place | undefined {
    const pack = this.packs[details.readUInt16LE(12)];
    const offset = details.readUInt32LE(14);
    const length = details.readUIntLE(18, 6);
    const isValid = pack !== undefined && length > 0 && offset + length <= pack.sizeBytes;
    return isValid ? { pack, offset, length } : undefined;
  }

  #readPacks(): (Pack | undefined)[] {
    const rows = this.#bytes.read(this.#layout.packs, PACK_BYTES * this.#packCount);
    return Array.from({ length: this.#packCount }, (_, number) => {
      const row = rows.subarray(PACK_BYTES * number, PACK_BYTES * (number + 1));
      const prefix = this.#prefixes[row.readUInt16LE(38)];
      if (prefix === undefined) return undefined;
      return { id: row.toString("hex", 0, 32), sizeBytes: row.readUIntLE(32, 6), prefix };
    });
  }
}

/** The numbers of all rows. */
export function allRows({ rows }: Pick<Segment, "rows">): Iterable<number> {
  return Array(rows).keys();
}

/** A copy: the bytes may lie at an odd address. */
function numbersOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

function orderOf(bytes: Buffer): Uint16Array {
  return new Uint16Array(new Uint8Array(bytes).buffer);
}

const idBytes = Buffer.alloc(HIGH_BYTES + ID_REST_BYTES);

/** Written as a whole: two texts put together would take more than twice the time and memory. */
function idOf(high: number, rests: Buffer, at: number): string {
  idBytes.writeUInt32BE(high, 0);
  rests.copy(idBytes, HIGH_BYTES, at, at + ID_REST_BYTES);
  return idBytes.toString("hex");
}

/** The first place in `order`, by which the numbers ascend, whose number is not below `number`. */
function firstInOrder(numbers: Uint32Array, order: Uint16Array, number: number): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[order[middle] as number] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
