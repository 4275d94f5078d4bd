import { describe, expect, test } from "bun:test";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import {
  compressFrame,
  compressFrameAside,
  expandFrame,
  expandFrameAside,
} from "../../../src/lib/bytes/zstd.ts";
import { noise } from "../../support/seed.ts";

/** A frame of `content` as raw blocks whose header has these fields, as RFC 8878 describes it. */
function handMade(options: {
  content: string;
  /** Of the field with the content's size: 1, 2, 4 or 8. */
  fieldBytes: number;
  claim?: number;
  dictionaryBytes?: number;
  isSingleSegment?: boolean;
}): Uint8Array<ArrayBuffer> {
  const { content, fieldBytes, claim = content.length, dictionaryBytes = 0 } = options;
  const { isSingleSegment = fieldBytes === 1 } = options;
  const sizeFlag = Math.log2(fieldBytes);
  const dictionaryFlag = [0, 1, 2, 0, 3][dictionaryBytes] ?? 0;
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(BigInt(fieldBytes === 2 ? claim - 256 : claim));
  const block = Buffer.alloc(3);
  block.writeUIntLE((content.length << 3) | 1, 0, 3);
  return Buffer.concat([
    Buffer.from("28b52ffd", "hex"),
    Buffer.from([(sizeFlag << 6) | (isSingleSegment ? 0x20 : 0) | dictionaryFlag]),
    // A window of 1 MiB.
    Buffer.from(isSingleSegment ? [] : [0x50]),
    Buffer.alloc(dictionaryBytes),
    field.subarray(0, fieldBytes),
    block,
    Buffer.from(content),
  ]);
}

/** What both ways of expanding say: the content, or what they complain of. */
async function expanded(frame: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<string> {
  const now = Promise.try(() => expandFrame(frame, maxBytes));
  const aside = expandFrameAside(frame, maxBytes);
  const [one, two] = await Promise.all(
    [now, aside].map((bytes) =>
      bytes.then(
        (content) => `content ${Buffer.from(content).toString("latin1")}`,
        (error) => String(error.message),
      ),
    ),
  );
  expect(two).toBe(one as string);
  return one as string;
}

describe("is refused:", () => {
  const hello = compressFrame(Buffer.from("hello"));
  const bomb = compressFrame(Buffer.alloc(1 << 20));

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["what is no frame", Buffer.from("hello, world")],
    ["a frame's first bytes", hello.subarray(0, 5)],
    ["a header that is cut off", handMade({ content: "x", fieldBytes: 8 }).subarray(0, 9)],
    ["a frame of unknown size", streamed("hello")],
    ["a frame that can be skipped", Buffer.concat([Buffer.from("502a4d1800000000", "hex"), hello])],
  ])("%s", async (_, bytes) => {
    expect(await expanded(bytes as Uint8Array<ArrayBuffer>, 1_000)).toBe("not a zstd frame of known size");
  });

  test.each([
    ["hello", 4, hello],
    ["a megabyte", 1_000, bomb],
    ["2^32 bytes and more", 1_000, handMade({ content: "x", fieldBytes: 8, claim: 2 ** 40 })],
  ])("a claim of %s with room for %p bytes", async (_, maxBytes, frame) => {
    expect(await expanded(frame, maxBytes)).toMatch(/^a zstd frame of \d+ bytes instead of \d+$/);
  });

  test.each([
    ["two frames, the second one huge", Buffer.concat([hello, bomb])],
    ["an empty frame before another", Buffer.concat([compressFrame(Buffer.alloc(0)), bomb])],
    ["a frame with bytes behind it", Buffer.concat([hello, Buffer.from("x")])],
    ["a frame without its last byte", hello.subarray(0, -1)],
    ["a frame without a block", hello.subarray(0, 6)],
  ])("%s", async (_, bytes) => {
    expect(await expanded(bytes as Uint8Array<ArrayBuffer>, 1_000)).toBe("not exactly one zstd frame");
  });

  test.each([
    ["less", 4],
    ["more", 6],
  ])("a frame that claims %s than it holds", async (_, claim) => {
    expect(await expanded(handMade({ content: "hello", fieldBytes: 1, claim }), 1_000)).toMatch(
      /ZSTD|Decompress/i,
    );
  });

  test("a frame that is altered where it counts", async () => {
    const frame = Uint8Array.from(compressFrame(Buffer.from("hello ".repeat(1_000))));
    frame.fill(0xff, -8);
    expect(await expanded(frame, 10_000)).not.toStartWith("content");
  });
});

describe("the size is read from a field of", () => {
  const content = "x".repeat(300);
  test.each([1, 2, 4, 8])("%p bytes", async (fieldBytes) => {
    const text = fieldBytes === 1 ? "hello" : content;
    const frame = handMade({ content: text, fieldBytes });
    expect(await expanded(frame, text.length)).toBe(`content ${text}`);
    expect(await expanded(frame, text.length - 1)).toContain("instead of");
  });

  test.each([1, 2, 4])("4 bytes, behind a dictionary's id of %p bytes", async (dictionaryBytes) => {
    const frame = handMade({ content, fieldBytes: 4, dictionaryBytes });
    expect(await expanded(frame, 300)).toBe(`content ${content}`);
  });

  test("4 bytes, behind a window or without one", async () => {
    for (const isSingleSegment of [true, false]) {
      const frame = handMade({ content, fieldBytes: 4, isSingleSegment });
      expect(await expanded(frame, 300)).toBe(`content ${content}`);
    }
  });
});

test.each([0, 1, 255, 256, 65_791, 65_792, 1_000_000])("%p bytes come back as they were", async (length) => {
  const bytes = noise(length);
  for (const frame of [compressFrame(bytes), await compressFrameAside(bytes)]) {
    expect(expandFrame(frame, length)).toEqual(new Uint8Array(bytes));
  }
});

test("whatever is compressed comes back, from the middle of other bytes too", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(9), (bytes, start) => {
      const frame = compressFrame(Uint8Array.from(bytes));
      const around = Buffer.concat([Buffer.alloc(start), frame, Buffer.alloc(3)]);
      const inside = around.subarray(start, start + frame.length);
      expect(expandFrame(inside, bytes.length)).toEqual(Uint8Array.from(bytes));
    }),
  );
});

test("a checksum is passed over, and checked", () => {
  const frame = zstdCompressSync(Buffer.from("hello"), { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const withSize = Uint8Array.from(frame);
  expect(Buffer.from(expandFrame(withSize, 5)).toString()).toBe("hello");
  withSize.fill(0, -1);
  expect(() => expandFrame(withSize, 5)).toThrow();
});

/** As a stream compresses: without knowing the size beforehand. */
function streamed(text: string): Uint8Array<ArrayBuffer> {
  return zstdCompressSync(Buffer.from(text), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
}
