import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { expandFrame } from "../../../../src/lib/bytes/zstd.ts";
import { readFrame } from "../../../../src/remote/packed/format/output-frame.ts";
import { noise } from "../../../support/seed.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { DAMAGES, outputIn, outputOfChunks } from "../damaged-output.ts";

const SMALL = Buffer.from("hello");
/** Large enough to be compressed on another thread. */
const LARGER = noise(100_000);

describe.each([
  ["small", SMALL],
  ["larger", LARGER],
])("the frame of a %s output", (_, body) => {
  test("contains the output and declares its size", async () => {
    using dir = tempDir("frame");
    const frame = await readFrame(outputIn(dir, body));
    expect(expandFrame(frame as Uint8Array<ArrayBuffer>, body.length)).toEqual(new Uint8Array(body));
  });

  test.each(DAMAGES)("is undefined if the file is now %s", async (_what, damage) => {
    using dir = tempDir("frame");
    const output = outputIn(dir, body);
    damage(output.path);
    expect(await readFrame(output)).toBeUndefined();
  });

  test("is undefined if the file has other bytes of the same size", async () => {
    using dir = tempDir("frame");
    const output = outputIn(dir, body);
    writeFileSync(output.path, Buffer.alloc(body.length, "x"));
    expect(await readFrame(output)).toBeUndefined();
  });

  test("is made of chunks if no file has the output, unless these are other bytes, or more, or fewer", async () => {
    const frame = await readFrame(outputOfChunks(body));
    expect(expandFrame(frame as Uint8Array<ArrayBuffer>, body.length)).toEqual(new Uint8Array(body));
    const others = [Buffer.alloc(body.length), Buffer.concat([body, body]), body.subarray(1)];
    for (const made of others) expect(await readFrame(outputOfChunks(body, made))).toBeUndefined();
  });
});
