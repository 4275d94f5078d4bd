import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { GrowingBody } from "../../../src/lib/files/growing-body.ts";
import { rejection } from "../../support/rejection.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

let dir: TempDir;
beforeEach(() => {
  dir = tempDir("growing");
});
afterEach(() => dir[Symbol.dispose]());

/** A body in memory, one byte at a time for each reader. */
function bytesBody() {
  const bytes: number[] = [];
  const body = new GrowingBody();
  const read = () =>
    body.follow((offset) => (offset < bytes.length ? Uint8Array.of(bytes[offset] ?? 0) : undefined));
  const push = (byte: number) => {
    bytes.push(byte);
    body.grow();
  };
  return { body, push, read };
}

test("readers that come early and late get the whole body", async () => {
  const { body, push, read } = bytesBody();
  const early = Array.fromAsync(read());
  push(1);
  await Bun.sleep(1);
  push(2);
  const late = Array.fromAsync(read());
  push(3);
  body.finish();
  const afterwards = await Array.fromAsync(read());
  const all = [1, 2, 3].map((byte) => Uint8Array.of(byte));
  expect([await early, await late, afterwards]).toEqual([all, all, all]);
});

test("a reader of a body that fails gets what there is, then the error", async () => {
  const { body, push, read } = bytesBody();
  push(1);
  const reader = read();
  body.fail(new Error("broke off"));
  expect((await reader.next()).value).toEqual(Uint8Array.of(1));
  expect(await rejection(reader.next())).toEqual(new Error("broke off"));
});

test("an end that comes while a reader looks for more is not missed", async () => {
  const body = new GrowingBody();
  const looking = Promise.withResolvers<undefined>();
  let looks = 0;
  const reader = body.follow(() => (++looks === 1 ? (looking.promise as never) : undefined));
  const next = reader.next();
  body.finish();
  looking.resolve(undefined);
  expect(await next).toEqual({ done: true, value: undefined });
  expect(looks).toBe(2);
});

test("the file stays readable after it is removed, until the writer and the last reader are done", async () => {
  const path = dir.join("body");
  writeFileSync(path, "content");
  const body = new GrowingBody();
  body.openFile(path);
  rmSync(path);
  const reader = body.follow((offset) => (offset < 7 ? body.readFile(offset, offset + 4) : undefined));
  const first = await reader.next();
  body.release();
  body.release();
  body.finish();
  const second = await reader.next();
  expect([first, second].map(({ value }) => String(Buffer.from(value ?? [])))).toEqual(["cont", "ent"]);
  expect((await reader.next()).done).toBe(true);
  expect(await rejection(body.readFile(0, 1))).toEqual(new Error("the body is no longer available"));
});

test("a file that ends early is an error", async () => {
  const path = dir.join("body");
  writeFileSync(path, "abc");
  const body = new GrowingBody();
  body.openFile(path);
  expect(await rejection(body.readFile(3, 5))).toEqual(new Error("the file of a body ends at 3 of 5 bytes"));
  body.release();
});
