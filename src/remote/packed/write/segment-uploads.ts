import { PackedKeys } from "../format/keys.ts";
import { RowSet } from "../format/row-set.ts";
import type { SegmentRef } from "../format/run-record.ts";
import type { Segment } from "../format/segment.ts";
import { type NewSegment, packSegment } from "../format/segment-builder.ts";
import type { SegmentFiles } from "../index/segment-files.ts";
import type { Uploads } from "./uploads.ts";

/** The rows of all inline segments of a record, about 450 KB. More are objects of their own. */
const MAX_INLINE_ROWS = 6_000;

/** Segments on the local disk. */
type UploadedFiles = Pick<SegmentFiles, "open" | "save" | "read">;

/** Brings segments into the bucket: small ones inside of records, others as objects of their own. */
export class SegmentUploads {
  readonly #files: UploadedFiles;
  readonly #uploads: Uploads;
  readonly #maxInlineRows: number;

  constructor(files: UploadedFiles, uploads: Uploads, maxInlineRows = MAX_INLINE_ROWS) {
    this.#files = files;
    this.#uploads = uploads;
    this.#maxInlineRows = maxInlineRows;
  }

  open(id: string): Segment | undefined {
    return this.#files.open(id);
  }

  /**
   * Keeps new segments on the disk, and uploads the large ones; `undefined` if that fails. Returns their names in a
   * record. `used`: the actions that the run used; `undefined`: all.
   */
  async add(
    segments: readonly NewSegment[],
    prefix: string,
    used?: ReadonlySet<string>,
  ): Promise<SegmentRef[] | undefined> {
    const refs = segments.map(({ segment, bytes }) => {
      const { id, rows } = segment;
      this.#files.save(id, bytes);
      return { id, rows, prefix, isInline: true, used: used && rowsOf(segment, used) };
    });
    const large = refs.filter(({ rows }) => rows > this.#maxInlineRows);
    const stored = await this.#storeAll(large);
    if (stored.size < large.length) return undefined;
    return refs.map((ref) => ({ ...ref, isInline: !stored.has(ref.id) }));
  }

  /** Uploads the largest of these segments until the others fit into a record. Returns the ids of those uploaded. */
  async store(inline: readonly SegmentRef[]): Promise<ReadonlySet<string>> {
    let rows = 0;
    const large = inline
      .toSorted((a, b) => a.rows - b.rows)
      .filter((ref) => {
        rows += ref.rows;
        return rows > this.#maxInlineRows;
      });
    return await this.#storeAll(large);
  }

  /** The bytes of the inline segments, and the names of all segments that can be recorded. */
  inline(refs: readonly SegmentRef[]): { present: SegmentRef[]; inline: Map<string, Buffer<ArrayBuffer>> } {
    const inline = new Map<string, Buffer<ArrayBuffer>>();
    const present = refs.filter((ref) => {
      const bytes = ref.isInline ? this.#files.read(ref.id) : undefined;
      if (bytes !== undefined) inline.set(ref.id, bytes);
      return !ref.isInline || bytes !== undefined;
    });
    return { present, inline };
  }

  async #storeAll(refs: readonly SegmentRef[]): Promise<ReadonlySet<string>> {
    const stored = new Set<string>();
    await Promise.all(
      refs.map(async ({ id, prefix }) => {
        const bytes = this.#files.read(id);
        if (bytes === undefined) return;
        const key = new PackedKeys(prefix).segment(id);
        if (await this.#uploads.put(key, await packSegment(bytes))) stored.add(id);
      }),
    );
    return stored;
  }
}

function rowsOf(segment: Segment, actions: ReadonlySet<string>): RowSet {
  const rows = RowSet.none(segment.rows);
  for (const actionId of actions) {
    const row = segment.findAction(actionId);
    if (row !== undefined) rows.add(row);
  }
  return rows;
}
