import type { PruneLimits } from "../../src/buildcache/eviction.ts";
import { type PruneReport, prune } from "../../src/buildcache/prune.ts";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { filesBelow } from "../support/file-tree.ts";
import type { TempDir } from "../support/temp-dir.ts";
import { HOUR_MS, writeAged } from "./local-fixture.ts";

export const NO_LIMITS: PruneLimits = { expiryMs: undefined, maxSizeBytes: 0 };

/** Extends a two-digit name to an id of 32 bytes. */
export function idOf(name: string): string {
  return name.repeat(32);
}

/** Disk space of a small file in the tests. */
export const BLOCK = 4096;

/** Writes entries `name: hours since the last use`, each with an action of that name and an output of 1,000 bytes. */
export function writeEntries(dir: TempDir, ages: Record<string, number>): void {
  const local = new LocalDir(dir.path);
  for (const [name, hours] of Object.entries(ages)) {
    writeAged(local.path("output", idOf(name)), "x".repeat(1_000), hours * HOUR_MS);
    writeAged(local.path("action", idOf(name)), `${idOf(name)} 1000\n`, hours * HOUR_MS);
  }
}

export function pruneDir(dir: TempDir, limits: Partial<PruneLimits>): PruneReport {
  return prune(new LocalDir(dir.path), { ...NO_LIMITS, ...limits });
}

/** The remaining files of the entries: `a` for the action, `o` for the output. */
export function namesLeft(dir: TempDir): string[] {
  return filesBelow(dir.path).map((path) => `${path.slice(0, 1)} ${path.split("/")[1]}`);
}
