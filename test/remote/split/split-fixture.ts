import type { LocalEntry } from "../../../src/buildcache/entry.ts";
import type { LocalCache } from "../../../src/buildcache/local-cache.ts";
import type { Counters } from "../../../src/lib/counters.ts";
import { ReadGate } from "../../../src/remote/read-gate.ts";
import { SplitReader } from "../../../src/remote/split/split-reader.ts";
import { SplitWriter } from "../../../src/remote/split/split-writer.ts";
import type { GuardedStore } from "../../../src/store/guard/guarded-store.ts";
import { ACTION, HELLO, openLocal, putOutput } from "../../buildcache/local-fixture.ts";
import { type HealthFixture, openHealth } from "../../store/guard/health-fixture.ts";
import { TamperedStore } from "../../store/tampered-store.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

export const ACTION_KEY = `action/00/${ACTION}`;
export const HELLO_KEY = `output/2c/${HELLO}`;
/** `2023-11-14T22:13:20Z`. */
export const PUT_MS = 1_700_000_000_000;
export const HELLO_RECORD = `${HELLO} ${PUT_MS}000000`;

/** A bucket, an empty cache, and a reader and a writer between them. */
export interface SplitFixture extends HealthFixture, Disposable {
  dir: TempDir;
  store: TamperedStore;
  guarded: GuardedStore;
  local: LocalCache;
  counters: Counters;
  gate: ReadGate;
  reader: SplitReader;
  writer: SplitWriter;
  /** Outputs that the reader found wrong. */
  wrong: string[];
  journalDir: string;
  prefix: string;
  timeoutMs: number;
}

export function openSplit(
  options: { prefix?: string; readPrefixes?: string[]; minBytes?: number; timeoutMs?: number } = {},
): SplitFixture {
  const { prefix = "", readPrefixes = [], minBytes = 0, timeoutMs = 60_000 } = options;
  const dir = tempDir("split");
  const store = new TamperedStore(dir.join("bucket"));
  const { local } = openLocal(dir.join("cache"));
  const health = openHealth(dir.join("remote.json"));
  const gate = new ReadGate(health);
  const wrong: string[] = [];
  const guarded = health.guard(store, timeoutMs);
  const parts = { ...health, store: guarded, prefix, readPrefixes, local, gate };
  const journalDir = dir.join("journal");
  const writer = new SplitWriter({ ...parts, minBytes, concurrency: 4, journalDir });
  const onWrongBytes = (outputId: string) => {
    wrong.push(outputId);
    writer.replace(outputId);
  };
  const reader = new SplitReader({ ...parts, onWrongBytes });
  return {
    ...parts,
    store,
    guarded,
    timeoutMs,
    dir,
    journalDir,
    reader,
    writer,
    wrong,
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** Puts objects into the bucket like another machine. */
export async function fill(store: TamperedStore, objects: Record<string, string>): Promise<void> {
  for (const [key, text] of Object.entries(objects)) await store.put(key, Buffer.from(text));
  store.calls.length = 0;
}

/** An output on the local disk, as passed to the writer. */
export function localPut(local: LocalCache, put: { actionId?: string; body?: string } = {}): LocalEntry {
  const { actionId = ACTION, body = "hello" } = put;
  const outputId = new Bun.CryptoHasher("sha256").update(body).digest("hex");
  return {
    actionId,
    outputId,
    sizeBytes: body.length,
    putTimeMs: PUT_MS,
    path: putOutput(local, outputId, body),
  };
}
