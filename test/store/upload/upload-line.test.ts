import { expect, test } from "bun:test";
import { UploadLine } from "../../../src/store/upload/upload-line.ts";
import { untilAborted } from "../../remote/tampered-store.ts";

const NEVER = new AbortController().signal;
/** What takes 75 ms, half as long again, at the slowest speed. */
const BYTES = 100_000;

/** How an upload without an answer ends. */
async function silent(line: UploadLine, sizeBytes: number): Promise<string> {
  return await line.bounded(sizeBytes, NEVER, untilAborted).catch(String);
}

test("an upload without an answer ends when its time is up", async () => {
  expect(await silent(new UploadLine(10), 1)).toBe("TimeoutError: no answer within 10 ms");
});

test("a large one is given the time that its bytes need", async () => {
  expect(await silent(new UploadLine(10), BYTES)).toBe("TimeoutError: no answer within 75 ms");
});

test("one that begins beside it is given the time of both, and gives it its own", async () => {
  const line = new UploadLine(10);
  const ends = await Promise.all([silent(line, BYTES), silent(line, BYTES)]);
  const ended = "TimeoutError: no answer within 150 ms";
  expect(ends).toEqual([ended, ended]);
});

test("says what an upload says, and counts the bytes meanwhile", async () => {
  const line = new UploadLine(10);
  const counted = await line.bounded(5, NEVER, async () => line.bytesUnderWay);
  await expect(line.bounded(5, NEVER, () => Promise.reject(new Error("reset")))).rejects.toThrow("reset");
  expect([counted, line.bytesUnderWay]).toEqual([5, 0]);
});

test("ends with the reason of whoever stops it", async () => {
  const stop = AbortSignal.abort("enough");
  expect(await new UploadLine(10).bounded(5, stop, untilAborted).catch(String)).toBe("enough");
});

test("when the end is waited for, an answer may take half as long, and bytes as long as before", async () => {
  const line = new UploadLine(20);
  line.hasten();
  line.hasten();
  expect(await silent(line, 1)).toBe("TimeoutError: no answer within 10 ms");
  expect(await silent(line, BYTES)).toBe("TimeoutError: no answer within 75 ms");
});

test("what began before that keeps its time, whatever begins beside it", async () => {
  const line = new UploadLine(20);
  const before = silent(line, 1);
  line.hasten();
  await silent(line, 1);
  expect(await before).toBe("TimeoutError: no answer within 20 ms");
});

test("one that hangs is not given more time by ever more that go through beside it", async () => {
  const line = new UploadLine(10);
  const hanging = silent(line, 1_000);
  for (let n = 0; n < 50; n++) await line.bounded(BYTES, NEVER, async () => {});
  expect(await hanging).toBe("TimeoutError: no answer within 10 ms");
});
