/** Numbers that look random and are the same in every run. */
import { createCipheriv } from "node:crypto";

/** The seed of the suite. `TEST_SEED=N` tries another one; `npm run fuzz` draws it. */
export const SUITE_SEED = toSeed(process.env.TEST_SEED);

/** Bytes that compress as badly as random ones. Each `stream` has different bytes. */
export function noise(length: number, stream = 0): Buffer<ArrayBuffer> {
  const key = Buffer.alloc(32);
  key.writeDoubleBE(SUITE_SEED, 0);
  key.writeDoubleBE(stream, 8);
  return Buffer.from(createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length)));
}

function toSeed(given: string | undefined): number {
  const text = given || "20260131";
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
    throw new Error(`TEST_SEED=${text} is no whole number`);
  return seed;
}
