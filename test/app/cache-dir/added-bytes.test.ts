import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { AddedBytes } from "../../../src/app/cache-dir/added-bytes.ts";
import { tempDir } from "../../support/temp-dir.ts";

const HOUR_MS = 3_600_000;

test("room is left until all processes together have added as much as the limit", () => {
  using dir = tempDir("added");
  const open = () => new AddedBytes(dir.path, 100);
  const [one, two] = [open(), open()];
  expect([one.hasRoomFor(100), one.hasRoomFor(101), two.hasRoomFor(100)]).toEqual([true, false, true]);
  one.add(60);
  expect([one.hasRoomFor(40), one.hasRoomFor(41), open().hasRoomFor(100)]).toEqual([true, false, true]);
  one.save();
  two.add(30);
  two.save();
  expect([two.hasRoomFor(10), two.hasRoomFor(11), open().hasRoomFor(10), open().hasRoomFor(11)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test("what a process adds is saved every 64 MiB, so that one that is killed forgets no more", () => {
  using dir = tempDir("added");
  new AddedBytes(dir.path, 1).add((64 << 20) - 1);
  expect(new AddedBytes(dir.path, 1).hasRoomFor(1)).toBe(true);
  new AddedBytes(dir.path, 1).add(64 << 20);
  expect(new AddedBytes(dir.path, 1).hasRoomFor(1)).toBe(false);
});

test("after six hours, and when the clock was set back, counting begins anew", () => {
  using dir = tempDir("added");
  let nowMs = 100 * HOUR_MS;
  const open = () => new AddedBytes(dir.path, 100, () => nowMs);
  const server = open();
  server.add(100);
  server.save();
  const room = () => [server.hasRoomFor(1), open().hasRoomFor(1)];
  nowMs += 6 * HOUR_MS;
  expect(room()).toEqual([false, false]);
  nowMs += 1;
  expect(room()).toEqual([true, true]);
  server.add(100);
  server.save();
  expect(room()).toEqual([false, false]);
  nowMs -= 24 * HOUR_MS;
  expect(room()).toEqual([true, true]);
});

test("a file that can't be read or written says nothing", () => {
  using dir = tempDir("added");
  mkdirSync(dir.join("state"));
  for (const text of ["", "{}", '{"sinceMs":1,"bytes":"1"}']) {
    writeFileSync(dir.join("state", "fetched.json"), text);
    expect(new AddedBytes(dir.path, 100).hasRoomFor(100)).toBe(true);
  }
  writeFileSync(dir.join("file"), "");
  const nowhere = new AddedBytes(dir.join("file"), 100);
  nowhere.add(100);
  nowhere.save();
  expect(nowhere.hasRoomFor(1)).toBe(false);
});
