import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { machineId } from "../../../src/app/cache-dir/machine-id.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("is twelve hex digits, the same for each helper on one cache directory", () => {
  using dir = tempDir("machine");
  const id = machineId(dir.path);
  expect(id).toMatch(/^[0-9a-f]{12}$/);
  expect(machineId(dir.path)).toBe(id);
});

test("is another one in another directory", () => {
  using dir = tempDir("machine");
  expect(machineId(dir.join("a"))).not.toBe(machineId(dir.join("b")));
});

test("the id that is kept does not give the name away, nor is it the name by itself", () => {
  using dir = tempDir("machine");
  const id = machineId(dir.path);
  const stored = readFileSync(dir.join("state", "machine"), "latin1");
  expect(stored).toMatch(/^[0-9a-f-]{36}$/);
  expect(stored).not.toContain(id);
});

test("an empty file, as a helper leaves that is killed, does not make two machines of one name the same", () => {
  using dir = tempDir("machine");
  const ids = ["a", "b"].map((name) => {
    mkdirSync(dir.join(name, "state"), { recursive: true });
    writeFileSync(dir.join(name, "state", "machine"), "");
    return [machineId(dir.join(name)), machineId(dir.join(name))];
  });
  expect(ids[0]?.[0]).not.toBe(ids[1]?.[0]);
  for (const [first, second] of ids) expect(second).toBe(first);
});

test("whatever the file holds gives a name that can stand in a key", () => {
  using dir = tempDir("machine");
  mkdirSync(dir.join("state"));
  for (const text of ["", "../../x", "a-b-c", "\0\n", "x".repeat(100_000)]) {
    writeFileSync(dir.join("state", "machine"), text);
    expect(machineId(dir.path)).toMatch(/^[0-9a-f]{12}$/);
  }
});

testOnLinux("a directory that takes no file, or holds another thing there, gives a name all the same", () => {
  using disk = new FullDisk(16 * 1024);
  disk.makeReadOnly();
  using dir = tempDir("machine");
  mkdirSync(dir.join("state", "machine"), { recursive: true });
  for (const root of [disk.path, dir.path]) expect(machineId(root)).toMatch(/^[0-9a-f]{12}$/);
});
