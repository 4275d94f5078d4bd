import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { expandFrame } from "../../../../src/lib/bytes/zstd.ts";
import { readFrame } from "../../../../src/remote/packed/format/output-frame.ts";
import { noise } from "../../../support/seed.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { DAMAGES, outputIn } from "../damaged-output.ts";

const SMALL = Buffer.from("hello");
/** Compressed on another thread. */
const LARGER = noise(100_000);

describe.each([
  ["small", SMALL],
  ["larger", LARGER],
])("the frame of a %s output", (_, body) => {
  test("is its content, whose size it says", async () => {
    using dir = tempDir("frame");
    const frame = await readFrame(outputIn(dir, body));
    expect(expandFrame(frame as Uint8Array<ArrayBuffer>, body.length)).toEqual(new Uint8Array(body));
  });

  test.each(DAMAGES)("is none when the file is %s by now", async (_what, damage) => {
    using dir = tempDir("frame");
    const output = outputIn(dir, body);
    damage(output.path);
    expect(await readFrame(output)).toBeUndefined();
  });

  test("is none when the file holds other bytes of that size", async () => {
    using dir = tempDir("frame");
    const output = outputIn(dir, body);
    writeFileSync(output.path, Buffer.alloc(body.length, "x"));
    expect(await readFrame(output)).toBeUndefined();
  });
});
