import { expect, test } from "bun:test";
import { IdTable } from "../../src/lib/id-table.ts";
import { sha256Hex } from "../support/ids.ts";

test("an empty one knows nothing", () => {
  const table = new IdTable();
  expect([table.get("00".repeat(32)), table.has("ff".repeat(32)), table.size]).toEqual([0, false, 0]);
});

test("tells ids apart that begin alike", () => {
  const table = new IdTable();
  const ids = ["00", "01", "ff"].map((end) => `${"00".repeat(15)}${end}${"00".repeat(16)}`);
  for (const [i, id] of ids.entries()) table.set(id, i + 1);
  expect(ids.map((id) => table.get(id))).toEqual([1, 2, 3]);
});

test("tells salts of one id apart, beyond 32 bits as well", () => {
  const table = new IdTable();
  const id = sha256Hex("x");
  const salts = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40];
  expect(salts.map((salt) => table.set(id, 1, salt))).toEqual([0, 0, 0, 0, 0, 0]);
  expect(salts.map((salt) => table.has(id, salt))).toEqual(salts.map(() => true));
});

test("returns what was there, and replaces it", () => {
  const table = new IdTable();
  const id = sha256Hex("x");
  expect([table.set(id, 7), table.set(id, 0xffff_ffff), table.get(id), table.size]).toEqual([
    0, 7, 0xffff_ffff, 1,
  ]);
});

test("keeps all of many", () => {
  const table = new IdTable();
  const ids = Array.from({ length: 10_000 }, (_, i) => sha256Hex(String(i)));
  for (const [i, id] of ids.entries()) table.set(id, i + 1);
  expect(ids.every((id, i) => table.get(id) === i + 1)).toBe(true);
  expect([table.size, table.has(sha256Hex("other"))]).toEqual([10_000, false]);
});

test("very many ids that somebody has chosen to begin alike are kept like others", () => {
  const table = new IdTable();
  const ids = Array.from({ length: 400_000 }, (_, i) => `00000000${i.toString(16).padStart(56, "0")}`);
  // The frames of one pack: its id, told apart by where they lie.
  const pack = sha256Hex("pack");
  for (const [i, id] of ids.entries()) {
    table.set(`${id.slice(0, 8)}${id.slice(-24)}`, i + 1);
    table.set(pack, i + 1, i * 1_000);
  }
  // A hundred billion looks, and no end of this test, if they all went the same way.
  expect([table.size, table.get(pack, 7_000)]).toEqual([800_000, 8]);
});
