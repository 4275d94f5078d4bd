/**
 * `gc/marks/<SHA-256 of the object>`: what a collection has learned about records and segments. Each object stands for
 * itself. One zstd frame of 32-bit numbers, little-endian:
 *
 *     4          "gcm1", segments, packs and records that follow
 *     8 a segment   its SHA-256, big-endian words
 *     4 a pack      the first half of its SHA-256
 *     a segment     1 + how many packs it names and their places in the list above, from 0 up; 0: it was not read
 *     a record      the first half of the SHA-256 of `["<key>","<etag>",<bytes>,<modified, ms>]`; how many segments it
 *                   names; for each its place in the list above, doubled, and 1 more if only the record leads to it
 */
import type { IdWords } from "../../../lib/id-table.ts";
import { NumberList } from "../../../lib/number-list.ts";
import {
  type KnownRows,
  type Ledger,
  nameSegment,
  PACK_WORDS,
  RECORD_WORDS,
  SEGMENT_WORDS,
  segmentOf,
} from "./ledger.ts";

const MAGIC = 0x316d6367;
const HEADER_WORDS = 4;
/** A part is closed when it has that many numbers: 4 MiB. A segment or a record may add some more. */
const FULL_WORDS = 1 << 20;
/** Larger parts are ignored. */
export const MAX_PART_BYTES = 16 << 20;

/** Formats what is known about these records and segments, in parts. */
export function* formatParts(ledger: Ledger, { records, segments }: KnownRows): Generator<PartBytes> {
  let part = new PartBuilder(ledger);
  for (const segment of segments) {
    part.addSegment(segment);
    if (part.isFull) {
      yield part.format();
      part = new PartBuilder(ledger);
    }
  }
  for (const record of records) {
    part.addRecord(record);
    if (part.isFull) {
      yield part.format();
      part = new PartBuilder(ledger);
    }
  }
  if (!part.isEmpty) yield part.format();
}

type PartBytes = Uint8Array<ArrayBuffer>;

class PartBuilder {
  readonly #ledger: Ledger;
  /** Places in the lists, by number. */
  readonly #segments = new Map<number, number>();
  readonly #packs = new Map<number, number>();
  readonly #known = new Set<number>();
  readonly #records: number[] = [];
  #words = HEADER_WORDS;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get isFull(): boolean {
    const ids = this.#segments.size * (SEGMENT_WORDS + 1) + this.#packs.size * PACK_WORDS;
    return this.#words + ids >= FULL_WORDS;
  }

  get isEmpty(): boolean {
    return this.#words === HEADER_WORDS;
  }

  addSegment(segment: number): void {
    const packs = this.#ledger.packsOf(segment);
    place(this.#segments, segment);
    this.#known.add(segment);
    for (const pack of packs) place(this.#packs, pack);
    this.#words += 1 + packs.length;
  }

  addRecord(record: number): void {
    const named = this.#ledger.namedBy(record);
    this.#records.push(record);
    for (const each of named) place(this.#segments, segmentOf(each));
    this.#words += RECORD_WORDS + 1 + named.length;
  }

  format(): PartBytes {
    const list = new NumberList();
    list.pushAll([MAGIC, this.#segments.size, this.#packs.size, this.#records.length]);
    for (const segment of this.#segments.keys()) list.pushAll(this.#ledger.segmentWords(segment));
    for (const pack of this.#packs.keys()) list.pushAll(this.#ledger.packWords(pack));
    for (const segment of this.#segments.keys()) this.#formatPacks(list, segment);
    for (const record of this.#records) {
      list.pushAll(this.#ledger.recordWords(record));
      const named = this.#ledger.namedBy(record);
      list.push(named.length);
      for (const each of named) {
        const at = this.#segments.get(segmentOf(each)) ?? 0;
        list.push(nameSegment(at, each % 2 === 1));
      }
    }
    return new Uint8Array(list.part(0).slice().buffer as ArrayBuffer);
  }

  #formatPacks(list: NumberList, segment: number): void {
    if (!this.#known.has(segment)) {
      list.push(0);
      return;
    }
    const packs = this.#ledger.packsOf(segment);
    list.push(packs.length + 1);
    for (const pack of packs) list.push(this.#packs.get(pack) ?? 0);
  }
}

function place(places: Map<number, number>, number: number): void {
  if (!places.has(number)) places.set(number, places.size);
}

/** Adds what a part says to the ledger. Throws if it is not laid out like one; some of it may have been added then. */
export function addPart(ledger: Ledger, bytes: Uint8Array): void {
  const reader = new WordReader(bytes);
  if (reader.next() !== MAGIC) throw new Error("not a part of gc's marks");
  const [segmentCount, packCount, recordCount] = [reader.next(), reader.next(), reader.next()];
  const segments = reader.ids(segmentCount, SEGMENT_WORDS, (words, at) => ledger.segmentNumber(words, at));
  const packs = reader.ids(packCount, PACK_WORDS, (words, at) => ledger.packNumber(words, at));
  for (const segment of segments) {
    const count = reader.next();
    if (count === 0) continue;
    const named = reader.members(count - 1, (place) => packs[place]);
    ledger.addPacks(segment, named);
  }
  for (let at = 0; at < recordCount; at++) {
    const version = [reader.next(), reader.next(), reader.next(), reader.next()] as IdWords;
    const named = reader.members(reader.next(), (each) => {
      const segment = segments[segmentOf(each)];
      return segment && nameSegment(segment, each % 2 === 1);
    });
    ledger.addRecord(version, named);
  }
  if (!reader.isAtEnd) throw new Error("a part of gc's marks with more than it says");
}

/** Throws at the end. */
class WordReader {
  readonly #words: Uint32Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.length % 4 !== 0) throw new Error("a part of gc's marks that was cut off");
    const isOdd = bytes.byteOffset % 4 !== 0;
    const { buffer, byteOffset, length } = isOdd ? Uint8Array.from(bytes) : bytes;
    this.#words = new Uint32Array(buffer, byteOffset, length / 4);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#words.length;
  }

  next(): number {
    const word = this.#words[this.#at++];
    if (word === undefined) throw new Error("a part of gc's marks that was cut off");
    return word;
  }

  /** The numbers of the ids that follow. */
  ids(count: number, wordsEach: number, numberOf: (words: Uint32Array, at: number) => number): Uint32Array {
    const start = this.#at;
    this.#at += count * wordsEach;
    if (this.#at > this.#words.length) throw new Error("a part of gc's marks that was cut off");
    const numbers = new Uint32Array(count);
    for (let at = 0; at < count; at++) numbers[at] = numberOf(this.#words, start + at * wordsEach);
    return numbers;
  }

  /** What the words that follow stand for. Throws if one stands for nothing. */
  members(count: number, toNumber: (word: number) => number | undefined): number[] {
    const numbers: number[] = [];
    for (let at = 0; at < count; at++) {
      const number = toNumber(this.next());
      if (number === undefined) throw new Error("a part of gc's marks that names what it lacks");
      numbers.push(number);
    }
    return numbers;
  }
}
