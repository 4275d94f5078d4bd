import { expect, test } from "bun:test";
import { isProcessAlive, pidSpace } from "../../src/lib/process-life.ts";

test("knows that a process has ended", async () => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  expect(isProcessAlive(child.pid)).toBe(false);
});

test("knows that this process runs, and that another user's does", () => {
  expect(isProcessAlive(process.pid)).toBe(true);
  expect(isProcessAlive(1)).toBe(true);
});

test("names the same space of process numbers each time", () => {
  expect(pidSpace()).toBe(pidSpace());
  expect(pidSpace()).not.toBe("");
});
