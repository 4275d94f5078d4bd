import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { HOUR_MS } from "../../buildcache/local-fixture.ts";
import { FullDisk } from "../../support/full-disk.ts";
import { testOnLinux } from "../../support/platform.ts";
import { BusyRunner, type Workload } from "../busy-runner.ts";

const WORK: Omit<Workload, "limits"> = {
  packagesADay: 16,
  archiveBytes: 20_000,
  branchBytes: 100_000,
  fill: (path, bytes) => writeFileSync(path, Buffer.alloc(bytes, "x")),
};

/** What is on the disk at the end of each day. */
function days(count: number, limits: Workload["limits"]): { files: number; bytes: number }[] {
  using dir = new FullDisk(128 << 20);
  // Reading would set times by the kernel's clock, which is years ahead of the runner's.
  dir.keepAccessTimes();
  using runner = new BusyRunner(dir.path, { ...WORK, limits });
  return Array.from({ length: count }, () => runner.day());
}

testOnLinux("a busy runner stays within its size limit for weeks", () => {
  const maxSizeBytes = 2 << 20;
  const sizes = days(35, { maxSizeBytes, expiryMs: 48 * HOUR_MS }).map(({ bytes }) => bytes);
  expect(Math.max(...sizes)).toBeLessThan(1.2 * maxSizeBytes);
});

testOnLinux("a busy runner with an expiry holds no more files after five weeks than after three", () => {
  const files = days(35, { maxSizeBytes: 0, expiryMs: 48 * HOUR_MS }).map((day) => day.files);
  expect(Math.max(...files.slice(21))).toBeLessThan(1.1 * Math.max(...files.slice(0, 21)));
});
