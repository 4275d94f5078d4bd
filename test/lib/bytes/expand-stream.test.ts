import { describe, expect, test } from "bun:test";
import { zstdCompressSync } from "node:zlib";
import { expandStream, isExpandError } from "../../../src/lib/bytes/expand-stream.ts";
import { rejection } from "../../support/rejection.ts";
import { noise } from "../../support/seed.ts";

const BODY = noise(1 << 20);
const FRAME = zstdCompressSync(BODY);

/** The bytes in pieces; whether they were let go of is in `isOpen`. */
function pieces(bytes: Uint8Array, size: number, ending?: Error) {
  const source = { isOpen: true, [Symbol.asyncIterator]: iterate };
  async function* iterate(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      if (ending !== undefined) throw ending;
    } finally {
      source.isOpen = false;
    }
  }
  return source;
}

async function expanded(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await expandStream(source, (bytes) => chunks.push(Buffer.from(bytes)));
  return Buffer.concat(chunks);
}

test.each([1_000, 65_536, 10_000_000])("pieces of %p bytes come out whole and in order", async (size) => {
  expect((await expanded(pieces(FRAME, size))).equals(BODY)).toBe(true);
});

test("frames one after the other are one content", async () => {
  const frames = Buffer.concat(["hello, ", "world"].map((text) => zstdCompressSync(text)));
  expect((await expanded(pieces(frames, 7))).toString()).toBe("hello, world");
});

test("a frame that is cut off ends early: its reader knows the expected size", async () => {
  const content = await expanded(pieces(FRAME.subarray(0, -10), 50_000));
  expect(content.equals(BODY.subarray(0, content.length))).toBe(true);
  expect(content.length).toBeLessThan(BODY.length);
});

describe("is the bytes' fault:", () => {
  test.each([
    ["no frame", BODY],
    ["a frame with other bytes behind it", Buffer.concat([FRAME, BODY.subarray(0, 100)])],
  ])("%s", async (_, bytes) => {
    const source = pieces(bytes, 50_000);
    expect([isExpandError(await rejection(expanded(source))), source.isOpen]).toEqual([true, false]);
  });
});

describe("is not their fault, and lets go of the source:", () => {
  test("a source that fails", async () => {
    const source = pieces(FRAME.subarray(0, 500_000), 50_000, new Error("reset"));
    const error = await rejection(expanded(source));
    expect([error, isExpandError(error), source.isOpen]).toEqual([new Error("reset"), false, false]);
  });

  test("a reader that wants no more", async () => {
    const source = pieces(FRAME, 50_000);
    const enough = () => {
      throw new Error("enough");
    };
    const error = await rejection(expandStream(source, enough));
    expect([error, isExpandError(error), source.isOpen]).toEqual([new Error("enough"), false, false]);
  });
});
