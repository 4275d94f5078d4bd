/**
 * What is known about the bucket: a version of a record names these segments, and a segment names these packs. All of it
 * stays true for good, since segments are immutable, and a record that is written again is another version. Whatever
 * collections have learned may be joined in any order, and losing it costs only time.
 *
 * Records, segments and packs have numbers from 1 up, so that a million packs fit into some 80 MB.
 */
import { IdTable, type IdWords, idWords } from "../../../lib/id-table.ts";
import { NumberList } from "../../../lib/number-list.ts";

export const SEGMENT_WORDS = 8;
export const PACK_WORDS = 4;
export const RECORD_WORDS = 4;

/** A version of a record; see `recordVersion`. */
export type RecordVersion = IdWords;

export class Ledger {
  readonly #records = new IdedRows(RECORD_WORDS);
  readonly #segments = new IdedRows(SEGMENT_WORDS);
  readonly #packs = new IdedRows(PACK_WORDS);
  /** Lists of numbers, each after its length. The first one is no list. */
  readonly #lists = new NumberList();
  /** Where the list of a record's segments, or of a segment's packs, begins; 0: it is unknown. */
  readonly #namedBy = new NumberList();
  readonly #packsOf = new NumberList();
  #unsaved: KnownRows = { records: [], segments: [] };

  constructor() {
    this.#lists.push(0);
  }

  get recordCount(): number {
    return this.#records.count;
  }

  get packCount(): number {
    return this.#packs.count;
  }

  /** 0: this version has not been read. */
  findRecord(version: RecordVersion): number {
    return this.#records.find(version);
  }

  /** 0: unknown. */
  findSegment(id: string): number {
    return this.#segments.find(id);
  }

  /** 0: unknown. */
  findPack(id: string): number {
    return this.#packs.find(id);
  }

  /** The number of a segment whose packs may still be unknown. All words of its id begin at `at`. */
  segmentNumber(words: ArrayLike<number>, at = 0): number {
    const number = this.#segments.add(words, at);
    while (this.#packsOf.length < number) this.#packsOf.push(0);
    return number;
  }

  /** The first words of its id begin at `at`. */
  packNumber(words: ArrayLike<number>, at = 0): number {
    return this.#packs.add(words, at);
  }

  /** Adds a version of a record unless it is known. `named`: as `nameSegment` makes them. */
  addRecord(version: RecordVersion, named: ArrayLike<number>): void {
    if (this.#records.find(version) !== 0) return;
    const number = this.#records.add(version, 0);
    this.#namedBy.push(this.#addList(named));
    this.#unsaved.records.push(number);
  }

  /** Adds what a segment names unless that is known. */
  addPacks(segment: number, packs: ArrayLike<number>): void {
    if (this.knowsPacks(segment)) return;
    this.#packsOf.set(segment - 1, this.#addList(packs));
    this.#unsaved.segments.push(segment);
  }

  knowsPacks(segment: number): boolean {
    return this.#packsOf.get(segment - 1) !== 0;
  }

  /** The segments of a record, as `nameSegment` makes them. Valid until something is added. */
  namedBy(record: number): Uint32Array {
    return this.#list(this.#namedBy.get(record - 1));
  }

  /** Whether the packs of the segments are known that only the record itself leads to. */
  isWhole(record: number): boolean {
    return this.namedBy(record).every((named) => named % 2 === 0 || this.knowsPacks(segmentOf(named)));
  }

  /** Empty when they are unknown. Valid until something is added. */
  packsOf(segment: number): Uint32Array {
    return this.#list(this.#packsOf.get(segment - 1));
  }

  recordWords(record: number): Uint32Array {
    return this.#records.words(record);
  }

  segmentWords(segment: number): Uint32Array {
    return this.#segments.words(segment);
  }

  packWords(pack: number): Uint32Array {
    return this.#packs.words(pack);
  }

  /** Everything that is known. */
  rows(): KnownRows {
    const records = Array.from({ length: this.#records.count }, (_, at) => at + 1);
    const segments = Array.from({ length: this.#segments.count }, (_, at) => at + 1);
    return { records, segments: segments.filter((segment) => this.knowsPacks(segment)) };
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.records.length + this.#unsaved.segments.length > 0;
  }

  /** What was added since the last call. */
  takeUnsaved(): KnownRows {
    const taken = this.#unsaved;
    this.#unsaved = { records: [], segments: [] };
    return taken;
  }

  #addList(numbers: ArrayLike<number>): number {
    const start = this.#lists.length;
    this.#lists.push(numbers.length);
    this.#lists.pushAll(numbers);
    return start;
  }

  #list(start: number): Uint32Array {
    return this.#lists.part(start + 1, start + 1 + this.#lists.get(start));
  }
}

/**
 * A segment, as a record names it. `isHeld`: it lies in the record's object or below another prefix, so that only
 * reading the record leads to it.
 */
export function nameSegment(segment: number, isHeld: boolean): number {
  return 2 * segment + Number(isHeld);
}

export function segmentOf(named: number): number {
  return named >>> 1;
}

/** Records whose segments, and segments whose packs are known. */
export interface KnownRows {
  records: number[];
  segments: number[];
}

/** Distinguishes the versions of all records of a bucket. */
export function recordVersion(record: {
  key: string;
  etag: string;
  sizeBytes: number;
  modifiedMs: number;
}): RecordVersion {
  const { key, etag, sizeBytes, modifiedMs } = record;
  const text = JSON.stringify([key, etag, sizeBytes, modifiedMs]);
  return idWords(new Bun.CryptoHasher("sha256").update(text).digest("hex"));
}

/** All words of an id, or its first `count`. */
export function wordsOf(id: string, count: number): number[] {
  return Array.from({ length: count }, (_, n) => Number.parseInt(id.slice(8 * n, 8 * n + 8), 16));
}

export function idOf(words: Uint32Array): string {
  return [...words].map((word) => word.toString(16).padStart(8, "0")).join("");
}

/** Ids, with a number each. */
class IdedRows {
  readonly #table = new IdTable();
  readonly #words = new NumberList();
  readonly #wordsEach: number;

  constructor(wordsEach: number) {
    this.#wordsEach = wordsEach;
  }

  get count(): number {
    return this.#table.size;
  }

  find(id: string | IdWords): number {
    return this.#table.get(id);
  }

  add(words: ArrayLike<number>, at: number): number {
    const next = this.#table.size + 1;
    const known = this.#table.add(words, at, next);
    if (known !== 0) return known;
    for (let word = at; word < at + this.#wordsEach; word++) this.#words.push(words[word] ?? 0);
    return next;
  }

  words(number: number): Uint32Array {
    return this.#words.part((number - 1) * this.#wordsEach, number * this.#wordsEach);
  }
}
