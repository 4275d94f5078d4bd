/** A bucket in memory with a clock of its own, and collections of its garbage. */
import type { Pack, PackedEntry } from "../../../../src/remote/packed/format/entry.ts";
import { PackedKeys } from "../../../../src/remote/packed/format/keys.ts";
import {
  formatRunRecord,
  type RunRecord,
  type SegmentRef,
} from "../../../../src/remote/packed/format/run-record.ts";
import {
  type NewSegment,
  packSegment,
  SegmentBuilder,
} from "../../../../src/remote/packed/format/segment-builder.ts";
import { collectGarbage } from "../../../../src/remote/packed/gc/collect.ts";
import type { GcOptions, GcReport } from "../../../../src/remote/packed/gc/report.ts";
import type { Scope } from "../../../../src/remote/scope/scope.ts";
import { sha256Hex } from "../../../support/ids.ts";
import { MemoryStore } from "../../../support/memory-store.ts";
import { DAY_MS, entryOf, scopeOf } from "../stocked-bucket.ts";

export const START_MS = 1_800_000_000_000;
export const PREFIX = "team";

/** What a record names: entries in a segment of its own, inline, or segments that are objects. */
interface Named {
  entries?: PackedEntry[];
  segments?: NewSegment[];
  prefix?: string;
}

type About = Partial<Scope> & { ageMs?: number; machine?: string; hasEnded?: boolean };

export class World {
  nowMs = START_MS;
  readonly store = new MemoryStore(() => this.nowMs);
  readonly keys = new PackedKeys(PREFIX);

  /** Adds a pack with these outputs; returns an entry for each. */
  async pack(names: readonly string[], ageMs = 0): Promise<PackedEntry[]> {
    const bytes = Buffer.from(names.join());
    const pack: Pack = { id: sha256Hex(bytes), sizeBytes: bytes.length, prefix: PREFIX };
    await this.put(this.keys.pack(pack.id), bytes, ageMs);
    return names.map((name) => ({ ...entryOf(name), place: { pack, offset: 0, length: 1 } }));
  }

  /** Adds the object of a segment. */
  async segment(entries: readonly PackedEntry[], { ageMs = 0, prefix = PREFIX } = {}): Promise<NewSegment> {
    const sealed = segmentOf(entries);
    await this.put(new PackedKeys(prefix).segment(sealed.segment.id), await packSegment(sealed.bytes), ageMs);
    return sealed;
  }

  /** Adds a run record; returns its key. */
  async run(named: Named, about: About = {}): Promise<string> {
    const { ageMs = 0, machine = "m1", hasEnded = false, ...scope } = about;
    const name = this.keys.run(scopeOf(scope), this.nowMs - ageMs, machine);
    const key = hasEnded ? name.replace(/\.json\.zst$/, ".ended.json.zst") : name;
    return await this.put(key, await recordBytes("run", named), ageMs);
  }

  async addition(named: Named, ageMs = 0): Promise<string> {
    return await this.put(
      this.keys.addition(scopeOf(), this.nowMs - ageMs),
      await recordBytes("new", named),
      ageMs,
    );
  }

  async put(key: string, bytes: Uint8Array, ageMs = 0): Promise<string> {
    await this.store.put(key, bytes);
    this.store.setModified(key, this.nowMs - ageMs);
    return key;
  }

  has(key: string): boolean {
    return this.store.bytesAt(key) !== undefined;
  }

  hasPack(entry: PackedEntry | undefined): boolean {
    return this.has(this.keys.pack(entry?.place?.pack.id ?? ""));
  }

  hasSegment({ segment }: NewSegment): boolean {
    return this.has(this.keys.segment(segment.id));
  }

  collect(options: Partial<GcOptions> = {}): Promise<GcReport> {
    const { store } = this;
    return collectGarbage({ store, prefix: PREFIX, olderThanMs: 14 * DAY_MS, dryRun: false, ...options });
  }

  /** Collects, waits for two days and collects again: what nothing names is gone then. */
  async collectTwice(): Promise<GcReport> {
    await this.collect();
    this.nowMs += 2 * DAY_MS;
    return await this.collect();
  }

  /** The keys of the objects that `action` reads, without those of the collection itself. */
  async readBy(action: () => Promise<unknown>): Promise<string[]> {
    const read: string[] = [];
    this.store.onRequest = (operation, key) => {
      if (operation === "get" && !key.includes("/gc/")) read.push(key);
    };
    await action();
    this.store.onRequest = () => {};
    return read;
  }
}

function segmentOf(entries: readonly PackedEntry[]): NewSegment {
  const builder = new SegmentBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.seal();
}

async function recordBytes(kind: RunRecord["kind"], named: Named): Promise<Uint8Array<ArrayBuffer>> {
  const { entries = [], segments = [], prefix = PREFIX } = named;
  const inline = entries.length === 0 ? [] : [segmentOf(entries)];
  const toRef = ({ segment: { id, rows } }: NewSegment, isInline: boolean): SegmentRef => ({
    id,
    rows,
    prefix,
    isInline,
    used: undefined,
  });
  const refs = [...segments.map((each) => toRef(each, false)), ...inline.map((each) => toRef(each, true))];
  const about = { n: crypto.randomUUID() };
  return await formatRunRecord(
    { kind, about, segments: refs },
    new Map(inline.map(({ segment, bytes }) => [segment.id, bytes])),
  );
}
