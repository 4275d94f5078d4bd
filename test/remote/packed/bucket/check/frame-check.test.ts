import { expect, test } from "bun:test";
import { FrameCheck } from "../../../../../src/remote/packed/bucket/check/frame-check.ts";
import { sha256Hex } from "../../../../support/ids.ts";
import { noise } from "../../../../support/seed.ts";

const CONTENT = noise(60_000);
const FRAME = Bun.zstdCompressSync(CONTENT);
const CLAIM = { offset: 0, length: FRAME.length, outputId: sha256Hex(CONTENT), sizeBytes: CONTENT.length };

test("a correct frame has no fault", async () => {
  const check = new FrameCheck([CLAIM]);
  await check.write(FRAME);
  expect(await check.finish()).toEqual({ wrong: new Map(), unchecked: new Map() });
});

test("only the first of many overlapping claims is checked", async () => {
  const check = new FrameCheck([CLAIM, ...Array.from({ length: 5_000 }, () => ({ ...CLAIM, offset: 1 }))]);
  await check.write(FRAME);
  const { wrong, unchecked } = await check.finish();
  expect([wrong.size, unchecked.get(1)]).toEqual([0, expect.stringContaining("can't both be at 1")]);
});

test("each wrong frame is a fault, and each frame that ends beyond the pack, too", async () => {
  const at = (n: number) => ({ ...CLAIM, offset: n * FRAME.length });
  const other = "0".repeat(64);
  const claims = [at(0), { ...at(1), outputId: other }, at(2), { ...at(3), sizeBytes: 1 }, at(4), at(5)];
  const check = new FrameCheck(claims);
  for (let n = 0; n < 4; n++) await check.write(FRAME);
  await check.write(FRAME.subarray(0, -1));
  const { wrong, unchecked } = await check.finish();
  expect([[...wrong.keys()], unchecked.size]).toEqual([[1, 3, 4, 5].map((n) => n * FRAME.length), 0]);
});
