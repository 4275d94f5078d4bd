/** Packs: untrusted compressed frames in an untrusted object. */
import { zstdDecompressSync } from "node:zlib";
import { expandStream, isExpandError } from "../../../src/lib/bytes/expand-stream.ts";
import { compressFrame, expandFrame, frameLength } from "../../../src/lib/bytes/zstd.ts";
import { FrameCheck } from "../../../src/remote/packed/bucket/check/frame-check.ts";
import { sha256Hex } from "../../support/ids.ts";
import type { Recordings } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, isNoMistake, parsed, parsedLater } from "../target.ts";

const MAX_CONTENT_BYTES = 1 << 20;
const MAGIC = "\x28\xb5\x2f\xfd";

/** Frames of outputs, and two that expand to far more than their size. */
function frames({ builds }: Recordings): Buffer[] {
  const outputs = [...builds.cacheDir]
    .filter(([name]) => name.startsWith("output/"))
    .map(([, bytes]) => bytes);
  const contents = [
    ...outputs.filter(({ length }) => length < 20_000),
    Buffer.alloc(MAX_CONTENT_BYTES),
    Buffer.from("a"),
  ];
  return contents.map((bytes) => Buffer.from(compressFrame(Uint8Array.from(bytes))));
}

const frame: FuzzTarget = {
  name: "frame",
  promise: "as many bytes as it declares, and never more than allowed; or an Error",
  thousands: 40,
  recordings: frames,
  words: [MAGIC, "\x50\x2a\x4d\x18\x04\0\0\0abcd"],
  attempt(input) {
    const length = parsed(
      () => frameLength(input),
      () => false,
    );
    const content = parsed(() => expandFrame(input, MAX_CONTENT_BYTES), isNoMistake);
    if (content === undefined) return "refused";
    holds(content.length <= MAX_CONTENT_BYTES, `it expands to ${content.length} bytes`);
    holds(length === input.length, "there is more than one frame");
    return "accepted";
  },
};

const large: FuzzTarget = {
  name: "frame as a stream",
  promise: "ends, and stops when its reader says so; or zlib's error",
  thousands: 3,
  recordings: frames,
  words: [MAGIC],
  async attempt(input) {
    let length = 0;
    const tooMuch = new Error("too much");
    const pieces = async function* () {
      for (let at = 0; at < input.length; at += 700) yield input.subarray(at, at + 700);
    };
    const isThrough = await parsedLater(
      async () => {
        await expandStream(pieces(), (bytes) => {
          length += bytes.length;
          if (length > MAX_CONTENT_BYTES) throw tooMuch;
        });
        return true;
      },
      (error) => error === tooMuch || isExpandError(error),
    );
    holds(length <= MAX_CONTENT_BYTES + (256 << 10), `it has handed out ${length} bytes`);
    return isThrough === undefined ? "refused" : "accepted";
  },
};

const TEXTS = ["one", "two two", "three three three"];
const PACK_FRAMES = TEXTS.map((text) => compressFrame(Buffer.from(text)));
const CLAIMS = TEXTS.map((text, index) => ({
  outputId: sha256Hex(text),
  sizeBytes: text.length,
  offset: PACK_FRAMES.slice(0, index).reduce((sum, { length }) => sum + length, 0),
  length: PACK_FRAMES[index]?.length ?? 0,
}));

const pack: FuzzTarget = {
  name: "pack against its claims",
  promise: "no findings only if every frame expands to its named output",
  thousands: 8,
  recordings: () => [Buffer.concat(PACK_FRAMES)],
  words: [MAGIC],
  async attempt(input) {
    const check = new FrameCheck(CLAIMS);
    for (let at = 0; at < input.length; at += 17) await check.write(input.subarray(at, at + 17));
    const { wrong, unchecked } = await check.finish();
    if (wrong.size + unchecked.size > 0) return "refused";
    for (const { offset, length, outputId } of CLAIMS) {
      // A frame need not declare its size: those of large outputs do not.
      const content = zstdDecompressSync(input.subarray(offset, offset + length), { maxOutputLength: 1_000 });
      holds(sha256Hex(content) === outputId, `${outputId} is another`);
    }
    return "accepted";
  },
};

export const PACK_TARGETS: readonly FuzzTarget[] = [frame, large, pack];
