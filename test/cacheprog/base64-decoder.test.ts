import { expect, test } from "bun:test";
import { Base64Decoder } from "../../src/cacheprog/base64-decoder.ts";

function decode(...pieces: string[]): { bytes: Buffer; error: string | undefined } {
  const chunks: Buffer[] = [];
  const decoder = new Base64Decoder((bytes) => chunks.push(Buffer.from(bytes)));
  for (const piece of pieces) decoder.feed(Buffer.from(piece, "latin1"), 0, piece.length);
  const error = decoder.end();
  return { bytes: Buffer.concat(chunks), error };
}

/** Bytes with a period that is not a power of two. */
function sample(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, n) => (n * 7 + n / 251) & 0xff));
}

test("decodes every length from 0 to 200", () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = sample(length);
    expect(decode(bytes.toString("base64"))).toEqual({ bytes, error: undefined });
  }
});

test.each([1, 2, 3])("decodes lengths around multiples of the step, %p at most away", (distance) => {
  for (const multiple of [48 * 1024, 64 * 1024, 96 * 1024, 128 * 1024]) {
    for (const length of [multiple - distance, multiple, multiple + distance]) {
      const bytes = sample(length);
      const text = bytes.toString("base64");
      expect(decode(text.slice(0, distance), text.slice(distance))).toEqual({ bytes, error: undefined });
    }
  }
});

test("decodes only the given range", () => {
  const chunks: string[] = [];
  const decoder = new Base64Decoder((bytes) => chunks.push(Buffer.from(bytes).toString("latin1")));
  decoder.feed(Buffer.from('"aGVsbG8="\n'), 1, 9);
  expect([decoder.end(), ...chunks]).toEqual([undefined, "hello"]);
});

test.each([
  ["a*b=", "body is not base64"],
  ["aGVs-G8=", "body is not base64"],
  ["aGV\u00e4", "body is not base64"],
  ["aG=s", "body is not base64"],
  ["====", "body is not base64"],
  ["aGVsbG8=aGVs", "body is not base64"],
  ["aGVsbG9=", "body is not base64"],
  ["aGVs\nG8=", "body is not base64"],
  ["aGVsbG8", "base64 body ends within a group of four"],
  ["=", "base64 body ends within a group of four"],
  ["aGVs    ", "base64 body contains white space"],
  ["aGVsbG8=    ", "base64 body contains white space"],
  ["aGVs aGVsbG8=   ", "base64 body contains white space"],
  ["aGVs\n\n\n\nbG8=", "base64 body contains white space"],
])("reports the error in %p", (text, error) => {
  expect(decode(text).error).toBe(error);
});

test("rejects text after the padding in a later chunk", () => {
  expect(decode("aGVsbG8=", "aGVs").error).toBe("base64 body continues after its padding");
});

test("ignores everything after the first error", () => {
  expect(decode("a*b=", "aGVs")).toEqual({ bytes: Buffer.alloc(0), error: "body is not base64" });
});

test("decodes another body after an invalid one and after a padded one", () => {
  const ends: (string | undefined)[] = [];
  let text = "";
  const decoder = new Base64Decoder((bytes) => {
    text += Buffer.from(bytes).toString("latin1");
  });
  for (const body of ["a*b=", "aGVs", "bG8=", "aGV", "aGVs"]) {
    decoder.feed(Buffer.from(body), 0, body.length);
    ends.push(decoder.end());
  }
  expect({ ends, text }).toEqual({
    ends: ["body is not base64", undefined, undefined, "base64 body ends within a group of four", undefined],
    text: "hellohel",
  });
});
