import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { Spool } from "../../../src/revproxy/storage/spool.ts";
import { TempFile } from "../../../src/store/local/temp-file.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { sha256Hex } from "../../support/ids.ts";
import { testOnLinux } from "../../support/platform.ts";
import { rejection } from "../../support/rejection.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** Large enough not to be merged with others. */
const PIECE = 10_000;

let dir: TempDir;
beforeEach(() => {
  dir = tempDir("spool");
});
afterEach(() => dir[Symbol.dispose]());

function piece(i: number): Uint8Array {
  return new Uint8Array(PIECE).fill(i);
}

function open(options: { memoryBytes?: number; maxBytes?: number; createTemp?: () => TempFile } = {}): Spool {
  return new Spool({
    createTemp: () => new TempFile(dir.join("body")),
    memoryBytes: 3 * PIECE,
    maxBytes: 1 << 20,
    ...options,
  });
}

async function readAll(spool: Spool): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(spool.read()));
}

const all = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => piece(i)));

describe("a body", () => {
  test("that breaks off fails every reader, and leaves no file", async () => {
    const spool = open();
    const reading = rejection(readAll(spool));
    for (let i = 0; i < 10; i++) await spool.append(piece(i));
    await spool.fail(new Error("broke off"));
    expect(await reading).toEqual(new Error("broke off"));
    expect(existsSync(dir.join("body"))).toBe(false);
  });

  test("that is small stays in memory", async () => {
    const spool = open();
    const reading = readAll(spool);
    await spool.append(piece(0));
    const finished = await spool.finish();
    expect(finished).toEqual({ sizeBytes: PIECE, sha256: sha256Hex(piece(0)), bytes: Buffer.from(piece(0)) });
    expect(await reading).toEqual(all(1));
  });

  test("that comes byte by byte is read in few pieces, also by a reader that got the first byte", async () => {
    const spool = open({ memoryBytes: 1 << 20 });
    const early = spool.read();
    await spool.append(new Uint8Array([7]));
    const first = (await early.next()).value;
    for (let i = 1; i < 100_000; i++) await spool.append(new Uint8Array([i % 256]));
    const pieces = Array.fromAsync(spool.read());
    const finished = await spool.finish();
    const expected = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i === 0 ? 7 : i % 256)));
    expect(Buffer.concat(await pieces).equals(expected)).toBe(true);
    expect([first, (await pieces).length, finished?.sha256]).toEqual([
      new Uint8Array([7]),
      4,
      sha256Hex(expected),
    ]);
    await early.return();
  });

  test("that is large goes into a file, and every reader gets all of it at its own pace", async () => {
    const spool = open();
    const slow = spool.read();
    const first = await Promise.all([slow.next(), spool.append(piece(0))]);
    expect(first[0].value?.length).toBe(PIECE);
    const fast = readAll(spool);
    for (let i = 1; i < 50; i++) await spool.append(piece(i));
    const finished = await spool.finish();
    expect(finished).toMatchObject({ sizeBytes: 50 * PIECE, sha256: sha256Hex(all(50)) });
    expect(readFileSync(dir.join("body"))).toEqual(all(50));
    expect(await fast).toEqual(all(50));
    const late = readAll(spool);
    spool.release();
    expect(await late).toEqual(all(50));
    expect(Buffer.concat([piece(0), ...(await Array.fromAsync(slow))])).toEqual(all(50));
  });

  test("without readers is received all the same", async () => {
    const spool = open();
    for (let i = 0; i < 20; i++) await spool.append(piece(i));
    expect(await spool.finish()).toMatchObject({ sizeBytes: 20 * PIECE });
  });
});

describe("where there is no room", () => {
  const onDisk = (disk: FullDisk) => ({ createTemp: () => new TempFile(disk.join("body")) });
  const onNone = () => ({
    createTemp: () => {
      throw new Error("full");
    },
  });
  for (const [name, optionsOn] of [
    ["in the limit", () => ({ maxBytes: 10 * PIECE })],
    ["on the disk any more", onDisk],
    ["on the disk at all", onNone],
  ] as const) {
    testOnLinux(
      `${name}, readers get all, the sender waits for the slowest, and nothing is kept`,
      async () => {
        using disk = new FullDisk(2 * 4096);
        const spool = open(optionsOn(disk));
        const slow = spool.read();
        const fast = readAll(spool);
        let sent = 0;
        const sending = (async () => {
          for (let i = 0; i < 40; i++) {
            await spool.append(piece(i));
            sent++;
          }
          return await spool.finish();
        })();
        const got: Uint8Array[] = [];
        for await (const bytes of slow) {
          got.push(bytes);
          await Bun.sleep(1);
          const read = got.reduce((sum, { length }) => sum + length, 0) / PIECE;
          // Beyond the file there is only what memory may hold, and the current piece.
          expect(sent - Math.max(read, 10)).toBeLessThanOrEqual(5);
        }
        expect(Buffer.concat(got)).toEqual(all(40));
        expect(await fast).toEqual(all(40));
        expect(await sending).toBeUndefined();
        expect([existsSync(dir.join("body")), existsSync(disk.join("body"))]).toEqual([false, false]);
      },
    );
  }
});

test("onIdle is called when the last reader leaves before the end", async () => {
  const spool = open();
  let isIdle = false;
  spool.onIdle = () => {
    isIdle = true;
  };
  const reader = spool.read();
  await Promise.all([reader.next(), spool.append(piece(0))]);
  await reader.return();
  expect(isIdle).toBe(true);
});
