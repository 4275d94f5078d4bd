import { expect, test } from "bun:test";
import { Uplink } from "../../../src/store/guard/uplink.ts";
import { untilAborted } from "../tampered-store.ts";

const NEVER = new AbortController().signal;
/** Its limit is 75 ms: 1.5 times the time at the slowest rate. */
const BYTES = 100_000;

/** The error of an upload without an answer. */
async function silent(uplink: Uplink, sizeBytes: number): Promise<string> {
  return await uplink.bounded(sizeBytes, [NEVER], untilAborted).catch(String);
}

test("an upload without an answer ends at its limit", async () => {
  expect(await silent(new Uplink(10), 1)).toBe("TimeoutError: no answer within 10 ms");
});

test("a large upload gets the time for its bytes", async () => {
  expect(await silent(new Uplink(10), BYTES)).toBe("TimeoutError: no answer within 75 ms");
});

test("a second upload gets the time of both and extends the first one's limit", async () => {
  const uplink = new Uplink(10);
  const ends = await Promise.all([silent(uplink, BYTES), silent(uplink, BYTES)]);
  const ended = "TimeoutError: no answer within 150 ms";
  expect(ends).toEqual([ended, ended]);
});

test("returns the upload's result, and counts its bytes meanwhile", async () => {
  const uplink = new Uplink(10);
  const counted = await uplink.bounded(5, [NEVER], async () => uplink.bytesUnderWay);
  await expect(uplink.bounded(5, [NEVER], () => Promise.reject(new Error("reset")))).rejects.toThrow("reset");
  expect([counted, uplink.bytesUnderWay]).toEqual([5, 0]);
});

test("ends with the reason of the aborted signal", async () => {
  const stop = AbortSignal.abort("enough");
  expect(await new Uplink(10).bounded(5, [stop], untilAborted).catch(String)).toBe("enough");
});

test("tighten halves the timeout of answers but not the time for bytes", async () => {
  const uplink = new Uplink(20);
  uplink.tighten();
  uplink.tighten();
  expect(await silent(uplink, 1)).toBe("TimeoutError: no answer within 10 ms");
  expect(await silent(uplink, BYTES)).toBe("TimeoutError: no answer within 75 ms");
});

test("earlier uploads keep their limit, whatever begins later", async () => {
  const uplink = new Uplink(20);
  const before = silent(uplink, 1);
  uplink.tighten();
  await silent(uplink, 1);
  expect(await before).toBe("TimeoutError: no answer within 20 ms");
});

test("completed uploads don't extend the limit of one that hangs indefinitely", async () => {
  const uplink = new Uplink(10);
  const hanging = silent(uplink, 1_000);
  for (let n = 0; n < 50; n++) await uplink.bounded(BYTES, [NEVER], async () => {});
  expect(await hanging).toBe("TimeoutError: no answer within 10 ms");
});
