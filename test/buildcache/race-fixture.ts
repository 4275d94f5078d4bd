/**
 * Two processes that use and evict the same output. Run as a program it evicts: `bun race-fixture.ts <cache
 * directory>`.
 */
import { closeSync, openSync, utimesSync } from "node:fs";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { removeIfUnused } from "../../src/store/local/remove-if-unused.ts";
import { ACTION, HELLO, HOUR_MS, openLocal, putOutput } from "./local-fixture.ts";

/** Evicts the output whenever it is old, until the input ends. */
async function evictOften(root: string): Promise<void> {
  const dir = new LocalDir(root);
  let isOver = false;
  void Bun.stdin.text().then(() => {
    isOver = true;
  });
  while (!isOver) {
    for (let n = 0; n < 1_000; n++) removeIfUnused(dir, "output", HELLO, Date.now() - 6 * HOUR_MS);
    await new Promise(setImmediate);
  }
}

/** Looks up an old output and opens it like go, repeatedly; returns the number of failed opens. */
export function openHits(root: string, rounds: number): number {
  const { local } = openLocal(root);
  const longAgo = Date.now() / 1000 - 10 * 3_600;
  let lost = 0;
  for (let round = 0; round < rounds; round++) {
    lost += isThere(putOutput(local, HELLO, "hello")) ? 0 : 1;
    local.putRecord(ACTION, { outputId: HELLO, sizeBytes: 5 });
    try {
      utimesSync(new LocalDir(root).path("output", HELLO), longAgo, longAgo);
    } catch {
      // Already evicted.
    }
    const hit = local.get(ACTION);
    lost += hit === undefined || isThere(hit.path) ? 0 : 1;
  }
  return lost;
}

function isThere(path: string): boolean {
  try {
    closeSync(openSync(path, "r"));
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  await evictOften(process.argv[2] ?? "");
  process.exit(0);
}
