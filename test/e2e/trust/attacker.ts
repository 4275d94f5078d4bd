/** An attacker with write access to the bucket: replaces the outputs of known actions in all records. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { PackedEntry } from "../../../src/remote/packed/format/entry.ts";
import { PackedKeys } from "../../../src/remote/packed/format/keys.ts";
import { splitParts } from "../../../src/remote/packed/format/record-parts.ts";
import {
  formatRunRecord,
  inlineSegments,
  parseRunRecord,
  type RunRecord,
  type SegmentRef,
} from "../../../src/remote/packed/format/run-record.ts";
import { allRows, type Segment } from "../../../src/remote/packed/format/segment.ts";
import {
  newSegment,
  packSegment,
  SegmentBuilder,
  unpackSegment,
} from "../../../src/remote/packed/format/segment-builder.ts";
import type { TrustedTeam } from "./trusted-team.ts";

const KINDS = ["run", "head", "new", "shared"];

/** A record that the attacker writes. `key`: of the object; `forged`: the record with its segments, unsigned. */
export type Forge = (record: {
  key: string;
  forged: Uint8Array<ArrayBuffer>;
  original: Uint8Array<ArrayBuffer>;
}) => Uint8Array;

export class Attacker {
  readonly #team: TrustedTeam;
  /** The replacements for the good library's outputs. */
  readonly evil: PackedEntry;
  readonly #goodIds: Set<string>;

  /** `evil`: an entry with the other library as its output, in a pack of the bucket. */
  constructor(team: TrustedTeam, goodIds: Iterable<string>, evil: PackedEntry) {
    this.#team = team;
    this.#goodIds = new Set(goodIds);
    this.evil = evil;
  }

  /** The same attacker at another bucket. */
  at(team: TrustedTeam): Attacker {
    return new Attacker(team, this.#goodIds, this.evil);
  }

  /** The actions with the library as their output. */
  get actionIds(): string[] {
    const made = allEntries(this.#team).filter(({ outputId }) => this.#goodIds.has(outputId));
    return [...new Set(made.map(({ actionId }) => actionId))];
  }

  /** Rewrites every record so that the library's action has the evil output. Returns how many entries were swapped. */
  async rewrite(forge: Forge): Promise<number> {
    let swapped = 0;
    const swap = (entry: PackedEntry) => {
      if (!this.#goodIds.has(entry.outputId)) return entry;
      swapped++;
      return { ...entry, ...pick(this.evil) };
    };
    await rewriteRecords(this.#team, swap, forge);
    return swapped;
  }
}

/** A bucket that is a directory. */
export type Bucket = Pick<TrustedTeam, "bucket" | "objects">;

/** Rewrites every record with the entries that `change` makes of its own, of the same actions. */
export async function rewriteRecords(
  place: Bucket,
  change: (entry: PackedEntry) => PackedEntry,
  forge: Forge = ({ forged }) => forged,
): Promise<void> {
  for (const path of KINDS.flatMap((kind) => place.objects(kind))) {
    const original = read(path);
    const forged = await changed(place, original, change);
    writeFileSync(path, forge({ key: relative(place.bucket, path), forged, original }));
  }
}

/** Each segment is another one then, with the same actions in the same rows, in the same place. */
async function changed(
  place: Bucket,
  original: Uint8Array<ArrayBuffer>,
  change: (entry: PackedEntry) => PackedEntry,
): Promise<Uint8Array<ArrayBuffer>> {
  const record = parseRunRecord(original);
  const refs: SegmentRef[] = [];
  const inline = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { ref, segment } of segmentsOf(place, record, original)) {
    const builder = new SegmentBuilder();
    for (const [, entry] of segment.entries(allRows(segment))) builder.add(change(entry));
    const made = builder.seal();
    const { id } = made.segment;
    refs.push({ ...ref, id });
    if (ref.isInline) inline.set(id, made.bytes);
    else write(join(place.bucket, new PackedKeys(ref.prefix).segment(id)), await packSegment(made.bytes));
  }
  return await formatRunRecord({ ...record, segments: refs }, inline);
}

/** The entries of all records in the bucket. */
export function allEntries(team: Bucket): PackedEntry[] {
  return KINDS.flatMap((kind) => team.objects(kind)).flatMap((path) => {
    const object = read(path);
    return [...segmentsOf(team, parseRunRecord(object), object)].flatMap(({ segment }) =>
      [...segment.entries(allRows(segment))].map(([, entry]) => entry),
    );
  });
}

export function isSealed(path: string): boolean {
  return splitParts(read(path)).seal !== undefined;
}

function* segmentsOf(
  team: Bucket,
  { segments }: RunRecord,
  object: Uint8Array<ArrayBuffer>,
): Generator<{ ref: SegmentRef; segment: Segment }> {
  const inline = inlineSegments(object, segments);
  for (const ref of segments) {
    const path = join(team.bucket, new PackedKeys(ref.prefix).segment(ref.id));
    const bytes = inline.get(ref.id) ?? unpackSegment(read(path), ref.id);
    yield { ref, segment: newSegment(bytes).segment };
  }
}

function pick({ outputId, sizeBytes, place }: PackedEntry) {
  return { outputId, sizeBytes, place };
}

function write(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

function read(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path));
}
