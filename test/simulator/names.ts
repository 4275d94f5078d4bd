/** What the records in the bucket name, kept up to date with every request, and what is wrong with it. */
import {
  inlineSegments,
  parseRunRecord,
  type SegmentRef,
} from "../../src/remote/packed/format/run-record.ts";
import type { Segment } from "../../src/remote/packed/format/segment.ts";
import { newSegment, unpackSegment } from "../../src/remote/packed/format/segment-builder.ts";

/** Who removes an object. */
export type Remover = "gc" | "machine" | "rule";

const KIND = /\/packed\/v1\/(run|head|new|shared|pack|segment|gc)\//;

export type Kind = "run" | "head" | "new" | "shared" | "pack" | "segment" | "gc";

export function kindOf(key: string): Kind {
  const kind = KIND.exec(key)?.[1];
  if (kind === undefined) throw new Error(`${key} is no key of the layout`);
  return kind as Kind;
}

function idOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

export class Names {
  /** Receives what must not happen. */
  readonly #onBroken: (text: string) => void;
  readonly records = new Map<string, SegmentRef[]>();
  /** Every segment that any record or object ever had, by id. */
  readonly segments = new Map<string, Segment>();
  readonly #usedBy = new Map<string, Set<string>>();
  readonly #segmentsOfPack = new Map<string, string[]>();
  /** Packs and segments in the bucket, by id. */
  readonly #present = new Set<string>();
  /** Those that rules of the bucket have removed, by id. */
  readonly #byRule = new Set<string>();

  constructor(onBroken: (text: string) => void) {
    this.#onBroken = onBroken;
  }

  put(key: string, bytes: Uint8Array<ArrayBuffer>): void {
    const kind = kindOf(key);
    if (kind === "gc") return;
    const id = idOf(key);
    if (kind === "pack" || kind === "segment") {
      this.#present.add(id);
      this.#byRule.delete(id);
      if (kind === "segment") this.#learn(id, () => unpackSegment(bytes, id));
      return;
    }
    this.#forget(key);
    const { segments } = parseRunRecord(bytes);
    const inline = inlineSegments(bytes, segments);
    for (const ref of segments) {
      const own = inline.get(ref.id);
      if (own !== undefined) this.#learn(ref.id, () => own);
      const users = this.#usedBy.get(ref.id) ?? new Set();
      this.#usedBy.set(ref.id, users.add(key));
      this.#checkPresent(key, ref);
    }
    this.records.set(key, segments);
  }

  delete(key: string, by: Remover): void {
    const kind = kindOf(key);
    const id = idOf(key);
    if (kind === "pack" || kind === "segment") {
      if (!this.#present.delete(id)) return;
      if (by === "rule") this.#byRule.add(id);
      else this.#checkUnused(kind, id, by);
      return;
    }
    this.#forget(key);
  }

  hasObject(id: string): boolean {
    return this.#present.has(id);
  }

  #learn(id: string, bytes: () => Buffer<ArrayBuffer>): void {
    if (this.segments.has(id)) return;
    const { segment } = newSegment(bytes());
    this.segments.set(id, segment);
    for (const pack of segment.packs) {
      if (pack === undefined) continue;
      const known = this.#segmentsOfPack.get(pack.id) ?? [];
      known.push(id);
      this.#segmentsOfPack.set(pack.id, known);
    }
  }

  #forget(key: string): void {
    for (const { id } of this.records.get(key) ?? []) this.#usedBy.get(id)?.delete(key);
    this.records.delete(key);
  }

  #checkPresent(key: string, { id, isInline }: SegmentRef): void {
    const isThere = (name: string) => this.#present.has(name) || this.#byRule.has(name);
    if (!isInline && !isThere(id)) this.#onBroken(`${key} names the segment ${id}, which is not there`);
    for (const pack of this.segments.get(id)?.packs ?? [])
      if (pack !== undefined && !isThere(pack.id))
        this.#onBroken(`${key} names the pack ${pack.id}, which is not there`);
  }

  #checkUnused(kind: "pack" | "segment", id: string, by: Remover): void {
    const segments = kind === "segment" ? [id] : (this.#segmentsOfPack.get(id) ?? []);
    for (const segment of segments) {
      for (const key of this.#usedBy.get(segment) ?? []) {
        const isInline = this.records.get(key)?.find((ref) => ref.id === segment)?.isInline;
        // What names the pack may be gone itself, and nobody knows what it named.
        const isGone = !isInline && !this.#present.has(segment);
        if (kind === "segment" ? isInline : isGone) continue;
        this.#onBroken(`${by} removed the ${kind} ${id}, which ${key} names`);
      }
    }
  }
}
