import { expect, test } from "bun:test";
import { MemoryWindow } from "../../../src/revproxy/storage/memory-window.ts";

const LARGE = 10_000;

test("the window holds the pieces from the oldest that was not dropped", () => {
  const window = new MemoryWindow();
  for (let i = 0; i < 3; i++) window.append(new Uint8Array(LARGE).fill(i));
  expect([window.start, window.end, window.bufferedBytes, window.oldestEnd]).toEqual([
    0,
    30_000,
    30_000,
    LARGE,
  ]);
  window.dropOldest();
  expect([window.start, window.end, window.bufferedBytes, window.oldestEnd]).toEqual([
    LARGE,
    30_000,
    20_000,
    20_000,
  ]);
  expect([window.at(0), window.at(15_000)?.length, window.at(15_000)?.[0], window.at(30_000)]).toEqual([
    undefined,
    5_000,
    1,
    undefined,
  ]);
});

test("small pieces are put together, and bytes that were returned stay as they were", () => {
  const window = new MemoryWindow();
  window.append(Uint8Array.of(1));
  const first = window.at(0);
  window.append(Uint8Array.of(2, 3));
  expect([first, window.at(0), window.oldestEnd]).toEqual([
    Uint8Array.of(1),
    Uint8Array.of(1, 2, 3),
    undefined,
  ]);
  expect(window.concat()).toEqual(Buffer.of(1, 2, 3));
});
