import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compressFrame } from "../../../../src/lib/bytes/zstd.ts";
import {
  appendSeal,
  formatParts,
  sealedText,
  splitParts,
} from "../../../../src/remote/packed/format/record-parts.ts";

const SEAL = { name: "a name", key: "a key", expiresMs: 1_000, signature: "a signature" };
const FRAME = compressFrame(Buffer.from("a record"));
const CONTENTS = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }));

function skippable(magic: number, content: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

test("an object is split into the parts that it was made of, with and without a seal, and zstd reads the record alone", () => {
  fc.assert(
    fc.property(CONTENTS, fc.boolean(), (contents, isSealed) => {
      const parts = formatParts(FRAME, contents);
      const object = isSealed ? appendSeal(parts, SEAL) : parts;
      const { frame, segmentFrames, seal } = splitParts(object);
      expect([frame, ...segmentFrames].map((part) => Buffer.from(part))).toEqual(
        [FRAME, ...contents].map((part) => Buffer.from(part)),
      );
      expect(seal).toEqual(isSealed ? SEAL : undefined);
      expect(Buffer.from(Bun.zstdDecompressSync(object)).toString()).toBe("a record");
    }),
  );
});

describe("stays whole, so that nobody takes a part of it for a record:", () => {
  const object = formatParts(FRAME, [Buffer.from("one"), Buffer.from("two")]);
  const sealed = appendSeal(object, SEAL);
  const cases: Record<string, Uint8Array<ArrayBuffer>> = {
    nothing: new Uint8Array(0),
    "a text": Buffer.from("a record"),
    "a frame that was cut off": FRAME.subarray(0, -1),
    "a segment that was cut off": object.subarray(0, -1),
    "a header that was cut off": object.subarray(0, FRAME.length + 5),
    "a seal that was cut off": sealed.subarray(0, -1),
    "a byte after the segments": Buffer.concat([object, Buffer.alloc(1)]),
    "a byte after the seal": Buffer.concat([sealed, Buffer.alloc(1)]),
    "a segment after the seal": formatParts(sealed, [Buffer.from("three")]),
    "two seals": appendSeal(sealed, SEAL),
    "a second record": Buffer.concat([FRAME, FRAME]),
    "an unknown part": Buffer.concat([FRAME, skippable(0x184d2a52, Buffer.from("x"))]),
    "an empty part": Buffer.concat([FRAME, skippable(0x184d2a51, Buffer.alloc(0))]),
    "a large seal": Buffer.concat([FRAME, skippable(0x184d2a50, Buffer.alloc(2_000, " "))]),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    test(what, () => expect(splitParts(bytes)).toEqual({ frame: bytes, segmentFrames: [], seal: undefined }));
  }
});

test("damaged bytes never throw, and every part is within them", () => {
  const object = appendSeal(formatParts(FRAME, [Buffer.from("one"), Buffer.from("two")]), SEAL);
  const damage = fc.array(fc.tuple(fc.nat(object.length - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(damage, fc.nat(object.length), (places, length) => {
      const copy = Uint8Array.from(object.subarray(0, length));
      for (const [at, byte] of places) if (at < length) copy[at] = byte;
      const { frame, segmentFrames } = splitParts(copy);
      const sizes = [frame, ...segmentFrames].map((part) => part.length);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(length);
    }),
    { numRuns: 1_000 },
  );
});

test("a malformed seal is none, and the signed text is of one key, one time and one record", () => {
  const seal = (more: object) =>
    JSON.stringify({ seal: 1, name: "a", key: "b", expires: 1, signature: "c", ...more });
  const malformed = [{ seal: 2 }, { expires: 1.5 }, { name: 1 }, { name: undefined }, { name: "../a" }];
  for (const text of ["null", "{", ...malformed.map(seal)])
    expect(splitParts(Buffer.concat([FRAME, skippable(0x184d2a50, Buffer.from(text))]))).toMatchObject({
      frame: FRAME,
      seal: undefined,
    });
  const texts = [
    sealedText("a", 1, FRAME),
    sealedText("b", 1, FRAME),
    sealedText("a", 2, FRAME),
    sealedText("a", 1, Buffer.from("x")),
  ];
  expect(new Set(texts).size).toBe(4);
});
