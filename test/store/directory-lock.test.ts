import { expect, test } from "bun:test";
import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { pidSpace } from "../../src/lib/process-life.ts";
import { lockFile } from "../../src/store/directory-lock.ts";
import { FullDisk } from "../support/full-disk.ts";
import { run } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  return Number((await run(["sh", "-c", "echo $$"])).stdout);
}

test("a lock of a live process is waited for until the signal says enough", async () => {
  using dir = tempDir("lock");
  await using _held = await lockFile(dir.join("lock"), undefined);
  const enough = AbortSignal.timeout(100);
  await expect(lockFile(dir.join("lock"), enough)).rejects.toThrow();
  expect(existsSync(dir.join("lock"))).toBe(true);
});

test.each([
  ["of another machine", async () => `${await deadPid()} elsewhere`],
  ["whose holder has not named itself yet", async () => ""],
])("a fresh lock %s is waited for", async (_, holder) => {
  using dir = tempDir("lock");
  writeFileSync(dir.join("lock"), await holder());
  await expect(lockFile(dir.join("lock"), AbortSignal.timeout(100))).rejects.toThrow();
});

test("a lock of a process that was killed is taken over, however fresh it is", async () => {
  using dir = tempDir("lock");
  writeFileSync(dir.join("lock"), `${await deadPid()} ${pidSpace()}`);
  // Not for its age, which counts from thirty seconds on.
  const later = Date.now() / 1000 + 3_600;
  utimesSync(dir.join("lock"), later, later);
  await using _held = await lockFile(dir.join("lock"), undefined);
  expect(readFileSync(dir.join("lock"), "utf8")).toBe(`${process.pid} ${pidSpace()}`);
});

test("a lock is gone when it is let go of, and the next one has it", async () => {
  using dir = tempDir("lock");
  const first = await lockFile(dir.join("lock"), undefined);
  const second = lockFile(dir.join("lock"), undefined);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  expect(existsSync(dir.join("lock"))).toBe(false);
});

test("a lock that a full disk has no room for holds up nobody", async () => {
  using disk = new FullDisk(8 << 10);
  expect(() => writeFileSync(disk.join("all-of-it"), Buffer.alloc(16 << 10))).toThrow("ENOSPC");
  await expect(lockFile(disk.join("lock"), undefined)).rejects.toThrow("ENOSPC");
  expect(existsSync(disk.join("lock"))).toBe(false);
});
