/** Mutations of recordings, as values that fast-check generates and shrinks: bytes that a peer could send instead. */
import fc from "fast-check";

/** Offsets are modulo the current length, so that every mutation fits every recording. */
export type Mutation =
  | { kind: "flip"; at: number; bit: number }
  | { kind: "insert"; at: number; bytes: Uint8Array }
  | { kind: "word"; at: number; word: number }
  | { kind: "delete"; at: number; length: number }
  | { kind: "duplicate"; at: number; length: number; times: number }
  | { kind: "splice"; at: number; other: number; from: number; length: number }
  | { kind: "truncate"; at: number }
  | { kind: "swap"; at: number; with: number; length: number }
  | { kind: "binary"; at: number; number: number; width: 1 | 2 | 4 | 8; isLittle: boolean }
  | { kind: "digits"; at: number; number: number };

/** No input is larger: some mutations multiply. */
const MAX_BYTES = 1 << 20;
/** The number of repetitions of a piece; only a parser in linear time finishes in time. */
const MANY_TIMES = 300_000;

/** Numbers at the limits of formats and their readers. */
const NUMBERS: readonly bigint[] = [
  ...[
    0n,
    1n,
    2n,
    10n,
    16n,
    100n,
    127n,
    128n,
    255n,
    256n,
    1000n,
    4095n,
    4096n,
    32_767n,
    32_768n,
    65_535n,
    65_536n,
  ],
  ...[31n, 32n, 40n, 47n, 48n, 53n, 62n, 63n, 64n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits]),
];
/** The same as text, and numbers that only text can express. */
const DIGITS: readonly string[] = [
  ...NUMBERS.map(String),
  ...["-1", "-0", "00", "0x10", "1e3", "1e999", "-1e999", "1.5", "9".repeat(400), "NaN", "null", '"0"', "[]"],
];

const place = fc.nat(1 << 20);
const length = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 16 }) },
  fc.integer({ min: 1, max: 400 }),
);
const some = <T extends Mutation["kind"]>(kind: T) => fc.constant(kind);

/** One mutation; others are shrunk to `flip` if that is enough. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: some("flip"), at: place, bit: fc.nat(7) }) },
  { weight: 3, arbitrary: fc.record({ kind: some("delete"), at: place, length }) },
  { weight: 2, arbitrary: fc.record({ kind: some("truncate"), at: place }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: some("insert"),
      at: place,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: some("word"), at: place, word: place }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: some("duplicate"),
      at: place,
      length,
      times: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: some("splice"), at: place, other: place, from: place, length }),
  },
  { weight: 2, arbitrary: fc.record({ kind: some("swap"), at: place, with: place, length }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: some("binary"),
      at: place,
      number: place,
      width: fc.constantFrom(1, 2, 4, 8),
      isLittle: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: some("digits"), at: place, number: place }) },
);

/** A short piece, repeated. Rare: it takes longer than all the others together. */
export const flood: fc.Arbitrary<Mutation> = fc.record({
  kind: some("duplicate"),
  at: place,
  length: fc.integer({ min: 1, max: 4 }),
  times: fc.constant(MANY_TIMES),
});

/** The source of splices and words. */
export interface Stock {
  recordings: readonly Uint8Array[];
  words: readonly string[];
}

/** Applies all of these to the recording, one after the other. */
export function mutate(
  recording: Uint8Array,
  mutations: readonly Mutation[],
  stock: Stock,
): Buffer<ArrayBuffer> {
  let bytes: Buffer = Buffer.from(recording);
  for (const each of mutations) bytes = apply(bytes, each, stock).subarray(0, MAX_BYTES);
  // In its own memory, like bytes from a socket or a file: parsers use `buffer`, too.
  return Buffer.from(Uint8Array.from(bytes).buffer);
}

function apply(bytes: Buffer, each: Mutation, stock: Stock): Buffer {
  const at = each.at % (bytes.length + 1);
  switch (each.kind) {
    case "flip":
      return bytes.length === 0 ? bytes : flipped(bytes, each.at % bytes.length, each.bit);
    case "insert":
      return spliced(bytes, at, 0, each.bytes);
    case "word":
      return spliced(bytes, at, 0, Buffer.from(pick(stock.words, each.word) ?? "", "latin1"));
    case "delete":
      return spliced(bytes, at, each.length);
    case "duplicate":
      return spliced(bytes, at, 0, repeated(bytes.subarray(at, at + each.length), each.times));
    case "splice": {
      const other = pick(stock.recordings, each.other) ?? bytes;
      const from = each.from % (other.length + 1);
      return spliced(bytes, at, each.length, other.subarray(from, from + each.length));
    }
    case "truncate":
      return bytes.subarray(0, at);
    case "swap":
      return swapped(bytes, at, each.with % (bytes.length + 1), each.length);
    case "binary":
      return spliced(
        bytes,
        at,
        each.width,
        binary(pick(NUMBERS, each.number) ?? 0n, each.width, each.isLittle),
      );
    case "digits":
      return withDigits(bytes, at, pick(DIGITS, each.number) ?? "0");
  }
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % list.length];
}

function spliced(bytes: Buffer, at: number, removed: number, added: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

function repeated(piece: Uint8Array, times: number): Buffer {
  if (piece.length === 0) return Buffer.alloc(0);
  const fitting = Math.min(times, Math.floor(MAX_BYTES / piece.length));
  return Buffer.alloc(piece.length * fitting, piece);
}

function swapped(bytes: Buffer, a: number, b: number, length: number): Buffer {
  const [first, second] = a < b ? [a, b] : [b, a];
  const fitting = Math.min(length, second - first, bytes.length - second);
  return Buffer.concat([
    bytes.subarray(0, first),
    bytes.subarray(second, second + fitting),
    bytes.subarray(first + fitting, second),
    bytes.subarray(first, first + fitting),
    bytes.subarray(second + fitting),
  ]);
}

function binary(value: bigint, width: 1 | 2 | 4 | 8, isLittle: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  const little = bytes.subarray(0, width);
  return isLittle ? little : Buffer.from(little).reverse();
}

/** Replaces the next number in digits. */
function withDigits(bytes: Buffer, at: number, digits: string): Buffer {
  const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  let start = at;
  while (start < bytes.length && !isDigit(bytes[start])) start++;
  let end = start;
  while (isDigit(bytes[end])) end++;
  return spliced(bytes, start, end - start, Buffer.from(digits));
}
