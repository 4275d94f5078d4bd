import { expect, test } from "bun:test";
import { formatRunFiles, type RunFile } from "../../../src/modproxy/run/run-files.ts";
import { RunRecords } from "../../../src/modproxy/run/run-records.ts";
import { formatRunName } from "../../../src/remote/runs/run-names.ts";
import { sha256Hex } from "../../support/ids.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const HOUR_MS = 3_600_000;
const NOW = 1_800_000_000_000;

function fileOf(name: string): RunFile {
  return { name, sizeBytes: 1, sha256: sha256Hex(name), bytes: undefined };
}

function recordsIn(store: MemoryStore): RunRecords {
  const scope = { project: "p", branch: "main", job: "test", run: "now", fallbackBranches: [] };
  const onDamaged = (_: string, error: unknown) => {
    throw error;
  };
  return new RunRecords({ store, prefix: "", scope, host: "h", onDamaged });
}

/** Adds the record of a run. */
async function ran(store: MemoryStore, run: string, names: readonly string[], ageMs: number): Promise<void> {
  const name = formatRunName({ startedMs: NOW - ageMs, run, writer: "w", hasEnded: false });
  const key = `packed/v1/mod/p/main/test/${name}`;
  await store.put(key, await formatRunFiles({ run }, names.map(fileOf)));
  store.setModified(key, NOW - ageMs);
}

test("runs that were interrupted hide nothing of the newest whole one, which hides older ones", async () => {
  const store = new MemoryStore(() => NOW);
  const many = Array.from({ length: 200 }, (_, i) => `m${i}`);
  await ran(store, "older", [...many, "gone"], 5 * HOUR_MS);
  await ran(store, "whole", many, 4 * HOUR_MS);
  for (const run of ["3", "2", "1"]) await ran(store, run, [`only ${run}`], Number(run) * HOUR_MS);
  const { files, newest } = await recordsIn(store).read();
  expect(new Set(files.map(({ name }) => name))).toEqual(new Set([...many, "only 1", "only 2", "only 3"]));
  expect([...newest.names]).toEqual(["only 1"]);
  expect(newest.writtenMs).toBe(NOW - HOUR_MS);
});

test("a job without records knows nothing", async () => {
  const { files, newest } = await recordsIn(new MemoryStore(() => NOW)).read();
  expect([files, newest.names.size, newest.writtenMs]).toEqual([[], 0, 0]);
});
