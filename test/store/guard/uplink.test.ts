import { expect, test } from "bun:test";
import { Uplink } from "../../../src/store/guard/uplink.ts";
import { untilAborted } from "../tampered-store.ts";

const NEVER = new AbortController().signal;
/** What takes 75 ms, half as long again, at the slowest speed. */
const BYTES = 100_000;

/** How an upload without an answer ends. */
async function silent(uplink: Uplink, sizeBytes: number): Promise<string> {
  return await uplink.bounded(sizeBytes, [NEVER], untilAborted).catch(String);
}

test("an upload without an answer ends when its time is up", async () => {
  expect(await silent(new Uplink(10), 1)).toBe("TimeoutError: no answer within 10 ms");
});

test("a large one is given the time that its bytes need", async () => {
  expect(await silent(new Uplink(10), BYTES)).toBe("TimeoutError: no answer within 75 ms");
});

test("one that begins beside it is given the time of both, and gives it its own", async () => {
  const uplink = new Uplink(10);
  const ends = await Promise.all([silent(uplink, BYTES), silent(uplink, BYTES)]);
  const ended = "TimeoutError: no answer within 150 ms";
  expect(ends).toEqual([ended, ended]);
});

test("says what an upload says, and counts the bytes meanwhile", async () => {
  const uplink = new Uplink(10);
  const counted = await uplink.bounded(5, [NEVER], async () => uplink.bytesUnderWay);
  await expect(uplink.bounded(5, [NEVER], () => Promise.reject(new Error("reset")))).rejects.toThrow("reset");
  expect([counted, uplink.bytesUnderWay]).toEqual([5, 0]);
});

test("ends with the reason of whoever stops it", async () => {
  const stop = AbortSignal.abort("enough");
  expect(await new Uplink(10).bounded(5, [stop], untilAborted).catch(String)).toBe("enough");
});

test("when the end is waited for, an answer may take half as long, and bytes as long as before", async () => {
  const uplink = new Uplink(20);
  uplink.tighten();
  uplink.tighten();
  expect(await silent(uplink, 1)).toBe("TimeoutError: no answer within 10 ms");
  expect(await silent(uplink, BYTES)).toBe("TimeoutError: no answer within 75 ms");
});

test("what began before that keeps its time, whatever begins beside it", async () => {
  const uplink = new Uplink(20);
  const before = silent(uplink, 1);
  uplink.tighten();
  await silent(uplink, 1);
  expect(await before).toBe("TimeoutError: no answer within 20 ms");
});

test("one that hangs is not given more time by ever more that go through beside it", async () => {
  const uplink = new Uplink(10);
  const hanging = silent(uplink, 1_000);
  for (let n = 0; n < 50; n++) await uplink.bounded(BYTES, [NEVER], async () => {});
  expect(await hanging).toBe("TimeoutError: no answer within 10 ms");
});
