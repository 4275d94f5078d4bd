import { expect, test } from "bun:test";
import { freeBuffer } from "../../../src/lib/bytes/free-buffer.ts";

test("a view of a part of a buffer is not freed, since the rest may be in use", () => {
  const whole = new Uint8Array(10).fill(7);
  freeBuffer(whole.subarray(0, 4));
  expect([...whole]).toEqual(Array(10).fill(7));
});

test("all of a buffer is given back, and nothing of it can be seen any more", () => {
  const whole = new Uint8Array(10).fill(7);
  const part = whole.subarray(2, 4);
  freeBuffer(whole);
  expect([whole.length, part.length]).toEqual([0, 0]);
});

test("what has been given back can be given back again", () => {
  const whole = new Uint8Array(10);
  freeBuffer(whole);
  freeBuffer(whole);
  expect(whole.length).toBe(0);
});
