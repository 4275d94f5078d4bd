/** A bucket in a directory; tests add packs and records of any age. */
import { utimesSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { compressFrame } from "../../../src/lib/bytes/zstd.ts";
import type { Pack, PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { PackedKeys } from "../../../src/remote/packed/format/keys.ts";
import type { RunRecord, SegmentRef } from "../../../src/remote/packed/format/run-record.ts";
import { type NewSegment, packSegment } from "../../../src/remote/packed/format/segment-builder.ts";
import { endedRunName } from "../../../src/remote/runs/run-names.ts";
import type { Scope } from "../../../src/remote/scope/scope.ts";
import { TamperedStore } from "../../store/tampered-store.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { sha256Hex } from "../../support/ids.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { recordOf, recordOfSegments, refOf, segmentOf } from "./made-record.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const PLATFORM = "linux_amd64_go1.26.3";
const PREFIX = "team";

export class StockedBucket implements Disposable {
  readonly dir: TempDir = tempDir("stocked");
  readonly store: TamperedStore = new TamperedStore(this.dir.path);
  readonly keys: PackedKeys;
  readonly prefix: string;
  #count = 0;

  constructor(prefix = PREFIX) {
    this.prefix = prefix;
    this.keys = new PackedKeys(prefix);
  }

  /** Adds a pack with these outputs; returns an entry for each. */
  async pack(outputs: readonly string[], ageMs = 0): Promise<PackedEntry[]> {
    const frames = outputs.map((text) => compressFrame(new TextEncoder().encode(text)));
    const bytes = Buffer.concat(frames);
    const pack: Pack = { id: sha256Hex(bytes), sizeBytes: bytes.length, prefix: this.prefix };
    await this.put(this.keys.pack(pack.id), bytes, ageMs);
    let offset = 0;
    return outputs.map((text, i) => {
      const length = frames[i]?.length ?? 0;
      offset += length;
      return { ...entryOf(text), place: { pack, offset: offset - length, length } };
    });
  }

  /** Adds a run record; returns its key. `hasEnded`: the run says that it has ended. */
  async run(
    entries: PackedEntry[],
    about: Partial<Scope> & { ageMs?: number; machine?: string; hasEnded?: boolean } = {},
  ) {
    const { ageMs = 0, machine = "m1", hasEnded = false, ...scope } = about;
    const name = this.keys.run(scopeOf(scope), Date.now() - ageMs, machine);
    const key = hasEnded ? endedRunName(name) : name;
    return await this.record(key, "run", entries, ageMs);
  }

  /** Adds an addition; returns its key. */
  async addition(entries: PackedEntry[], about: Partial<Scope> & { ageMs?: number } = {}) {
    const { ageMs = 0, ...scope } = about;
    return await this.record(this.keys.addition(scopeOf(scope), Date.now() - ageMs), "new", entries, ageMs);
  }

  async record(key: string, kind: RunRecord["kind"], entries: PackedEntry[], ageMs = 0): Promise<string> {
    return await this.put(key, await recordOf(entries, { kind, about: this.#about() }), ageMs);
  }

  /** Adds a segment object with these entries; returns it, its key, and how a record names it. */
  async segment(
    entries: readonly PackedEntry[],
    ageMs = 0,
  ): Promise<NewSegment & { key: string; ref: SegmentRef }> {
    const made = segmentOf(entries);
    const key = this.keys.segment(made.segment.id);
    await this.put(key, await packSegment(made.bytes), ageMs);
    return { ...made, key, ref: refOf(made.segment, { prefix: this.prefix, isInline: false }) };
  }

  /** Adds a run record that names segment objects; returns its key. */
  async runOf(
    segments: readonly SegmentRef[],
    about: Partial<Scope> & { ageMs?: number; machine?: string } = {},
  ): Promise<string> {
    const { ageMs = 0, machine = "m1", ...scope } = about;
    const key = this.keys.run(scopeOf(scope), Date.now() - ageMs, machine);
    return await this.put(key, await recordOfSegments(segments, { about: this.#about() }), ageMs);
  }

  /** The texts differ, so that two records with the same entries are two objects. */
  #about(): RunRecord["about"] {
    return { n: String(this.#count++) };
  }

  async put(key: string, bytes: Uint8Array, ageMs = 0): Promise<string> {
    await this.store.put(key, bytes);
    this.age(key, ageMs);
    return key;
  }

  /** Replaces the bytes of an object and keeps its time. */
  async overwrite(key: string, bytes: Uint8Array): Promise<void> {
    await writeFile(this.dir.join(key), bytes);
  }

  async remove(key: string): Promise<void> {
    await rm(this.dir.join(key));
  }

  /** Sets the age of an object. */
  age(key: string, ageMs: number): void {
    const seconds = (Date.now() - ageMs) / 1000;
    utimesSync(this.dir.join(key), seconds, seconds);
  }

  /** All keys, sorted. */
  get objects(): string[] {
    // A concurrent listing has a temporary file in the store's own directory.
    return filesBelow(this.dir.path).filter((name) => !name.startsWith(".go-cache-plugin/"));
  }

  has(key: string): boolean {
    return this.objects.includes(key);
  }

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }
}

/** An entry with this text as its output and an action of that name, without a place. */
export function entryOf(text: string): PackedEntry {
  return {
    actionId: sha256Hex(`action ${text}`),
    outputId: sha256Hex(text),
    sizeBytes: Buffer.byteLength(text),
    putTimeMs: 1_700_000_000_000,
    place: undefined,
  };
}

export function scopeOf(scope: Partial<Scope> = {}): Scope {
  return {
    platform: PLATFORM,
    project: "example.com/a",
    branch: "main",
    job: "test",
    run: "1",
    fallbackBranches: [],
    defaultBranch: "main",
    ...scope,
  };
}

/** The id of an entry's pack. */
export function packOf(entry: PackedEntry | undefined): string {
  return entry?.place?.pack.id ?? "";
}
