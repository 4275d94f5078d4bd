import { expect, test } from "bun:test";
import { FrameCheck } from "../../../src/remote/packed/frame-check.ts";
import { sha256Hex } from "../../support/ids.ts";

const CONTENT = crypto.getRandomValues(Buffer.alloc(60_000));
const FRAME = Bun.zstdCompressSync(CONTENT);
const CLAIM = { offset: 0, length: FRAME.length, outputId: sha256Hex(CONTENT), sizeBytes: CONTENT.length };

test("a frame that is what it should be is no problem", async () => {
  const check = new FrameCheck([CLAIM]);
  await check.write(FRAME);
  expect(await check.finish()).toBeUndefined();
});

test("two outputs in the same bytes are a problem, however many more there are", async () => {
  const check = new FrameCheck(Array.from({ length: 5_000 }, () => CLAIM));
  await check.write(FRAME);
  expect(await check.finish()).toContain("can't both be at 0");
});
